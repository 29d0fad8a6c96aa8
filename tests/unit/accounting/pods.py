"""Pods of sessions and nodes, as an API server sends them."""

from datetime import UTC, datetime
from typing import Any


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(
    uid: str,
    created: datetime,
    *,
    bound: datetime | None = None,
    ready: datetime | None = None,
    deleted: datetime | None = None,
    finished: datetime | None = None,
    status: dict[str, Any] | None = None,
    ended: dict[str, Any] | None = None,
    person: str = "ada",
    since: str = "",
    team_uid: str = "",
) -> dict[str, Any]:
    """deleted: when it was asked to end; it has half a minute for it. since, team_uid: as a hub
    says them of its accounts and teams.
    """
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": written(since)}
        for kind, since in (("PodScheduled", bound), ("Ready", None if finished else ready))
        if since
    ]
    if finished:
        changed = {"lastTransitionTime": written(finished)}
        conditions.append({"type": "Ready", "status": "False", **changed})
    metadata: dict[str, Any] = {
        "name": f"jupyter-{person}",
        "uid": uid,
        "creationTimestamp": written(created),
        "labels": {
            "gpucommons.io/team": "vision",
            "gpucommons.io/environment": "pytorch",
            "gpucommons.io/version": "2026.11",
            "gpucommons.io/size": "share",
            "gpucommons.io/gpu-mode": "mps",
            "gpucommons.io/gpu-units": "0.25",
            "component": "singleuser-server",
        },
        "annotations": {"gpucommons.io/user": person, "gpucommons.io/server": "second"},
    }
    known = {"gpucommons.io/user-since": since, "gpucommons.io/team-uid": team_uid}
    metadata["annotations"] |= {name: value for name, value in known.items() if value}
    said: dict[str, Any] = {"phase": "Running", "conditions": conditions, **(status or {})}
    if deleted:
        metadata |= {
            "deletionTimestamp": written(deleted.replace(second=deleted.second + 30)),
            "deletionGracePeriodSeconds": 30,
        }
    if finished:
        terminated = {"finishedAt": written(finished), "reason": "Completed", **(ended or {})}
        if ready:
            terminated["startedAt"] = written(ready)
        said["phase"] = "Failed"
        said["containerStatuses"] = [{"name": "notebook", "state": {"terminated": terminated}}]
    spec: dict[str, Any] = {"containers": [{"name": "notebook", "image": "pytorch:2026.11"}]}
    if bound:
        spec["nodeName"] = "n1"
    return {"metadata": metadata, "spec": spec, "status": said}


def node(
    name: str = "n1", *, lost: datetime | None = None, cordoned: bool = False
) -> dict[str, Any]:
    ready: dict[str, Any] = {"type": "Ready", "status": "Unknown" if lost else "True"}
    ready |= {"lastHeartbeatTime": written(lost)} if lost else {}
    return {
        "metadata": {
            "name": name,
            "labels": {"nvidia.com/gpu.product": "H100", "nvidia.com/gpu.count": "4"},
        },
        "spec": {"unschedulable": True} if cordoned else {},
        "status": {"conditions": [ready], "capacity": {"nvidia.com/gpu": "16"}},
    }
