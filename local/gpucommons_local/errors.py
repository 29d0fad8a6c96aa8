"""The errors that are shown to a person at the command line."""


class PlatformError(Exception):
    """Something that stops the local platform; the text says what to do about it.

    message is one or two full sentences: what is wrong, and the next step.
    """
