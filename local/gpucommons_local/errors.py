"""The one kind of error that a person at the command line is meant to read."""


class PlatformError(Exception):
    """Something that stops the local platform, told with what to do about it.

    message is one or two full sentences: what is wrong, and the next step.
    """
