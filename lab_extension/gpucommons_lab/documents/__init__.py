"""Documents that pages save, and what a person typed in them."""
