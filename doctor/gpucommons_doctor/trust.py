"""Which certificates are trusted, and what was said of one that is not."""

import ssl
from pathlib import Path


def trusting(ca: Path | None) -> ssl.SSLContext:
    """Trust the system's certificates, or those of a file instead.

    Raises OSError for a file that cannot be read or holds no certificates.
    """
    return ssl.create_default_context(cafile=str(ca) if ca else None)


def refused_certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """Find what OpenSSL said, which libraries wrap in errors of their own; None if nothing."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
