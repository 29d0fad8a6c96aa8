"""What stops the culler from starting."""


class CullerError(Exception):
    """The installation has a mistake; the text says what, and what to do."""
