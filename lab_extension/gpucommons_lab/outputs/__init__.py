"""Output of cells is kept in the notebook while no page is open."""
