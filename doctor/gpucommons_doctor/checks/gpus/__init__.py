"""The checks of GPUs: whether nodes offer what the sizes of the catalogue ask for."""
