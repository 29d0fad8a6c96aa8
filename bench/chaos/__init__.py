"""An hour of faults at random."""
