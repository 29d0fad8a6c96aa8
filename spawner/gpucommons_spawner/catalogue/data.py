"""Data that teams share: volumes that sessions see read-only.

A session mounts a claim of its team's namespace and nothing else. Namespaces of teams enforce
the Pod Security Standard "restricted", which knows neither NFS nor folders of the node as
volumes of a pod; a persistent volume that an administrator made may be either.
Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from gpucommons_spawner.catalogue.base import (
    CatalogueModel,
    Groups,
    ObjectName,
    Takes,
    Text,
    catalogue_error,
)

DATA_FOLDER = "/data"
CLAIM_PREFIX = "data-"

Folder = Annotated[
    str,
    Takes(
        r"/[A-Za-z0-9._/-]*",
        "must be a path from the root, such as /export/data: letters, digits, dots, hyphens and "
        "underscores, no spaces",
        longest=500,
    ),
]
Server = Annotated[
    str,
    Takes(r"[A-Za-z0-9.:-]+", "must be a host's name or address, such as nfs.example.org"),
]


class NFS(CatalogueModel):
    """A folder that an NFS server exports."""

    server: Server = Field(description="name or address of the server")
    path: Folder = Field(description="the exported folder")
    mount_options: tuple[Text, ...] = Field(default=(), description="such as nfsvers=4.2")


class Data(CatalogueModel):
    """One collection of data."""

    display_name: Text = Field(description="the name that people read")
    description: str = Field(default="", max_length=500, description="a sentence for people")
    teams: Groups | None = Field(
        default=None, description="only sessions in these teams see it; if left out, all do"
    )
    claim: ObjectName | None = Field(
        default=None,
        description=(
            "a PersistentVolumeClaim that already exists in each team's namespace, instead of nfs "
            "and host_path"
        ),
    )
    nfs: NFS | None = Field(
        default=None,
        description="where it is; `gpucommons catalogue manifests` makes its volumes",
    )
    host_path: Folder | None = Field(
        default=None,
        description=(
            "a folder that every node has, such as of a parallel file system; `gpucommons "
            "catalogue manifests` makes its volumes"
        ),
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        given = [key for key in ("claim", "nfs", "host_path") if getattr(self, key) is not None]
        if len(given) != 1:
            raise catalogue_error("needs one of claim, nfs and host_path", *given[1:2])
        if self.host_path and ".." in self.host_path.split("/"):
            raise catalogue_error("must not have .. in it", "host_path")
        return self

    def open_to(self, team: str) -> bool:
        """Return whether sessions in a team see it."""
        return self.teams is None or team in self.teams

    def claim_of(self, name: str) -> str:
        """Return the claim that sessions mount, for the data of this name."""
        return self.claim or f"{CLAIM_PREFIX}{name}"


def data_folder(name: str) -> str:
    """Return where sessions find a collection."""
    return f"{DATA_FOLDER}/{name}"
