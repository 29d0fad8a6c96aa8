"""Files: other people's workspaces, volumes and copies of them."""

from .objects import claim, pod, volume
from .request import CLAIMS, CONTROLLER, PEOPLE, Request, beside, isolated

_COPY = {"dataSource": {"kind": "PersistentVolumeClaim", "name": "workspace-carol"}}

REFUSED = (
    # Files
    isolated(
        "somebody's workspace",
        "the hub starts: workspace-carol. This pod may have the claim team and claims of its own.",
        **volume(persistentVolumeClaim={"claimName": "workspace-carol"}),
    ),
    beside(
        "a copy of somebody's workspace",
        "gpucommons-team-claims",
        "Leave out dataSource and dataSourceRef.",
        CLAIMS,
        claim(**_COPY),
    ),
    beside(
        "a volume that somebody had",
        "gpucommons-team-claims",
        "Leave out volumeName.",
        CLAIMS,
        claim(volumeName="team-astro.data-sky"),
    ),
    beside(
        "a volume that somebody had, for a claim that is there",
        "gpucommons-team-claims",
        "Leave out volumeName.",
        f"{CLAIMS}/unbound",
        {"spec": {"volumeName": "team-astro.data-sky"}},
        method="PATCH",
    ),
    beside(
        "any volume that somebody had, by its labels",
        "gpucommons-team-claims",
        "Leave out selector, and a storageClassName that is empty.",
        CLAIMS,
        claim(selector={"matchLabels": {"of": "astro"}}),
    ),
    beside(
        "any volume that somebody had",
        "gpucommons-team-claims",
        "Leave out selector, and a storageClassName that is empty.",
        CLAIMS,
        claim(storageClassName=""),
    ),
    beside(
        "a copy of somebody's workspace that comes and goes with a pod",
        "gpucommons-team-claims",
        "Leave out dataSource and dataSourceRef.",
        CLAIMS,
        claim("mine-more", **_COPY),
        user=f"{CONTROLLER}:ephemeral-volume-controller",
    ),
    beside(
        "a workspace made for somebody",
        "gpucommons-team-claims",
        "Choose another name",
        CLAIMS,
        claim("workspace-dan"),
    ),
    beside(
        "a workspace that is to be one's own",
        "gpucommons-team-claims",
        "Whose a workspace is stands in its labels and annotations.",
        f"{CLAIMS}/workspace-carol",
        {"metadata": {"annotations": {"gpucommons.io/user": "bea"}}},
        method="PATCH",
    ),
    beside(
        "a workspace from before that is to be one's own",
        "gpucommons-team-claims",
        "Whose a workspace is stands in its labels and annotations.",
        f"{CLAIMS}/workspace-carol",
        {"metadata": {"annotations": {"hub.jupyter.org/username": "bea"}}},
        method="PATCH",
    ),
    beside(
        "a larger workspace",
        "gpucommons-team-claims",
        "made larger by administrators (gpucommons workspace grow).",
        f"{CLAIMS}/workspace-carol",
        {"spec": {"resources": {"requests": {"storage": "2Gi"}}}},
        method="PATCH",
    ),
)

LET_IN = (
    Request(
        "the team's folder",
        pod("team-folder", **volume(persistentVolumeClaim={"claimName": "team"})),
    ),
    Request("a claim of one's own", claim("mine"), CLAIMS),
    Request(
        "a workspace that the account commands keep",
        {"metadata": {"annotations": {"gpucommons.io/retain-until": "2027-01-31"}}},
        f"{CLAIMS}/workspace-carol",
        "PATCH",
        PEOPLE,
    ),
    Request(
        "a claim's volume, by the controller that binds them",
        claim("unbound", storageClassName="growing", volumeName="made-for-it"),
        f"{CLAIMS}/unbound",
        "PUT",
        f"{CONTROLLER}:persistent-volume-binder",
        (("dryRun", "All"),),
    ),
)
