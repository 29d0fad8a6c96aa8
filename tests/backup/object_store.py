"""An S3 server on a loopback port, with a bucket and the two logins that an installation gives it.

versitygw keeps objects as files of a folder. The policy of the bucket is that of
docs/how-to/back-up-workspaces.md, read from there.
"""

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.test_programs import OBJECT_STORE, test_program

from tests.hub.processes import Program, free_port

BUCKET, REGION = "gpucommons", "us-east-1"
ADDS, TIDIES, OWNER = "snapshots", "tidy", "owner"
"""Access keys: which adds, which may delete too, and that of the whole server."""
_ARN = "arn:aws:iam::111122223333:user/"
Headers = Mapping[str, str]
_NONE: Headers = {}
_PAGE = checkout() / "docs" / "how-to" / "back-up-workspaces.md"


def bucket_policy() -> dict[str, Any]:
    """Return the policy that the page shows, with the names of logins that this server has."""
    found = re.search(r"```json\n(\{\s*\"Version\".*?)```", _PAGE.read_text(), re.DOTALL)
    assert found, "the page has no policy"
    policy: dict[str, Any] = json.loads(found[1].replace(_ARN, ""))
    return policy


class ObjectStore(Program):
    """The server; `start` makes bucket and logins."""

    def __init__(self, folder: Path, *, locked_days: int = 0):
        """``locked_days``: for which nobody may delete an object for good; 0 is no lock."""
        self._folder, self._locked_days = folder, locked_days
        for each in ("objects", "versions", "accounts"):
            (folder / each).mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        command = [str(test_program(OBJECT_STORE)), "--port", self.address, "--quiet"]
        command += ["--access", OWNER, "--secret", secret(OWNER), "--region", REGION]
        command += ["--iam-dir", str(folder / "accounts"), "--health", "/health"]
        command += ["posix", "--versioning-dir", str(folder / "versions"), str(folder / "objects")]
        super().__init__(command, f"{self.url}/health", folder / "versitygw.log", {})

    @property
    def store(self) -> str:
        """The address as settings have it."""
        return f"s3:{self.url}/{BUCKET}/"

    def prepare(self) -> None:
        """Make the bucket, its logins and its policy, once it runs."""
        lock = {"x-amz-bucket-object-lock-enabled": "true"} if self._locked_days else {}
        self._ask("PUT", "", headers=lock)
        if self._locked_days:
            rule = (
                "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
                f"<DefaultRetention><Mode>COMPLIANCE</Mode><Days>{self._locked_days}</Days>"
                "</DefaultRetention></Rule></ObjectLockConfiguration>"
            )
            self._ask("PUT", "?object-lock=", rule)
        for name in (ADDS, TIDIES):
            self._admin("create-user", "--access", name, "--secret", secret(name), "--role", "user")
        self._ask("PUT", "?policy=", json.dumps(bucket_policy()))

    def login(self, name: str) -> dict[str, str]:
        """What a file of credentials has."""
        return {
            "AWS_ACCESS_KEY_ID": name,
            "AWS_SECRET_ACCESS_KEY": secret(name),
            "AWS_DEFAULT_REGION": REGION,
        }

    def delete(self, name: str, key: str, version: str = "") -> str:
        """Delete an object by a login; what the server says against it, empty if it was done."""
        which = f"/{key}?versionId={version}" if version else f"/{key}"
        answer = self._asked("DELETE", which, login=name)
        return "" if answer.startswith("2") else answer

    def versions(self, prefix: str) -> list[tuple[str, str]]:
        """All versions of objects below a prefix: key and id."""
        text = self._ask("GET", f"?prefix={quote(prefix, safe='')}&versions=")
        entries = re.findall(r"<Version>(.*?)</Version>", text, re.DOTALL)
        return [(_in(each, "Key"), _in(each, "VersionId")) for each in entries]

    def files(self, name: str) -> Path:
        """Where the objects of a repository are."""
        return self._folder / "objects" / BUCKET / name

    def keys(self, prefix: str = "") -> list[str]:
        """Keys of the objects below a prefix, as far as one answer goes."""
        text = self._ask("GET", f"?list-type=2&prefix={quote(prefix, safe='')}")
        return re.findall(r"<Key>(.*?)</Key>", text)

    def _ask(self, method: str, path: str, body: str = "", headers: Headers = _NONE) -> str:
        answer = self._asked(method, path, body, headers)
        assert answer.startswith("2"), answer
        return answer

    def _asked(
        self,
        method: str,
        path: str,
        body: str = "",
        headers: Headers = _NONE,
        login: str = OWNER,
    ) -> str:
        """The status, and what the server says; signed by curl."""
        command = ["curl", "--silent", "--show-error", "--request", method]
        command += ["--data-binary", body] if body else []
        digest = hashlib.sha256(body.encode())
        given = {"x-amz-content-sha256": digest.hexdigest(), **headers}
        if body:
            given["x-amz-checksum-sha256"] = base64.b64encode(digest.digest()).decode()
        for name, value in given.items():
            command += ["--header", f"{name}: {value}"]
        command += ["--aws-sigv4", f"aws:amz:{REGION}:s3", "--user", f"{login}:{secret(login)}"]
        command += ["--write-out", "\n%{http_code}", f"{self.url}/{BUCKET}{path}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        said, _, status = done.stdout.rpartition("\n")
        return f"{status} {said}"

    def _admin(self, *arguments: str) -> None:
        command = [str(test_program(OBJECT_STORE)), "admin", "--access", OWNER, "--secret"]
        command += [secret(OWNER), "--endpoint-url", self.url, "--region", REGION, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr or done.stdout


def secret(name: str) -> str:
    """The secret of an access key."""
    return f"secret of {name}"


def _in(text: str, tag: str) -> str:
    found = re.search(f"<{tag}>(.*?)</{tag}>", text)
    assert found, text
    return found[1]
