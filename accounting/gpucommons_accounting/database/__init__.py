"""What accounting keeps: facts, the records that follow from them, and prices."""
