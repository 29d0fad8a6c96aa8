"""HTTP requests to servers that tests started on this machine."""

from typing import Any

import httpx


def request(method: str, url: str, **options: Any) -> httpx.Response:
    """As `httpx.request`, which reads all certificates of the machine for each single request.

    That takes more of the processor's time than an answer, and what is waited for is asked often.
    """
    return httpx.request(method, url, verify=False, **options)
