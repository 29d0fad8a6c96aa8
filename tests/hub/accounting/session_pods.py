"""Sessions' pods on an API server, with what a kubelet would say of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.unit.accounting.pods import pod

NAMESPACE = "/api/v1/namespaces/default/pods"


def make_session(api, person: str, name: str, length: timedelta | None = None, **more: str) -> None:
    """Make a session's pod, and say of it what a kubelet would: it began at once."""

    def said(begin: datetime) -> dict[str, Any]:
        end = begin + length if length else None
        return pod(name, begin, bound=begin, ready=begin, finished=end, person=person, **more)

    made = said(datetime.now(UTC))
    metadata = {key: made["metadata"][key] for key in ("labels", "annotations")} | {"name": name}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": made["spec"]}
    created = api.post(NAMESPACE, manifest)["metadata"]["creationTimestamp"]
    status = said(datetime.fromisoformat(created))["status"]
    for each in status.get("containerStatuses", ()):
        each |= {"image": "", "imageID": "", "ready": False, "restartCount": 0}
    api.patch(f"{NAMESPACE}/{name}/status", {"status": status})
