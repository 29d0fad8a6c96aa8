"""Answers of an API server as the Kubernetes client hands them on unread, and others."""

import json


class Answer:
    """One answer: a status and what follows it, an object or raw bytes."""

    def __init__(self, status: int, body: object = None, headers: dict[str, str] | None = None):
        self.status, self.headers = status, headers or {}
        self.ok = status < 400
        self.reason = "as played"
        self._body = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def read(self) -> bytes:
        return self._body

    def close(self) -> None:
        pass


def status(code: int, reason: str, **details: str) -> Answer:
    """A Status object, as an API server sends with a refusal."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
    return Answer(code, body | {"reason": reason, "details": details, "message": reason})


def not_found(name: str) -> Answer:
    """What an API server says of a pod that is gone."""
    return status(404, "NotFound", name=name, kind="pods")
