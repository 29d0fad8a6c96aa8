"""The answer to somebody who may not keep a session so."""


class KeepRefusedError(Exception):
    """A session may not be kept so; the text says why, and what is allowed."""
