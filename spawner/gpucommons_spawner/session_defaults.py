"""Defaults that keep sessions apart and files safe; an operator may set each otherwise."""

from traitlets import default

from gpucommons_spawner.resuming_spawner import ResumingSpawner

HOME = "/home/jovyan"
WORKSPACE_VOLUME = "workspace"


class SessionDefaults(ResumingSpawner):
    """An unprivileged user, and one workspace for all sessions of a person in a team.

    The workspace is the whole home folder: whatever a person saves in Lab
    outlives the session, and a change of environment or size.
    """

    @default("start_timeout")  # type: ignore[untyped-decorator]
    def _start_timeout_default(self) -> int:
        """Five minutes, as z2jh: an image of several GB may have to be fetched first."""
        return 300

    @default("delete_grace_period")  # type: ignore[untyped-decorator]
    def _delete_grace_default(self) -> int:
        """A session that is told to end saves, and kernels close their files; it ends sooner."""
        return 15

    @default("uid")  # type: ignore[untyped-decorator]
    def _uid_default(self) -> int:
        """One user ID for all: MPS lets sessions share a GPU only then."""
        return 1000

    @default("gid")  # type: ignore[untyped-decorator]
    def _gid_default(self) -> int:
        return 100

    @default("fs_gid")  # type: ignore[untyped-decorator]
    def _fs_gid_default(self) -> int:
        return 100

    @default("container_security_context")  # type: ignore[untyped-decorator]
    def _container_security_default(self) -> dict[str, object]:
        return {
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }

    @default("pod_security_context")  # type: ignore[untyped-decorator]
    def _pod_security_default(self) -> dict[str, object]:
        return {"fsGroupChangePolicy": "OnRootMismatch"}

    @default("pvc_name_template")  # type: ignore[untyped-decorator]
    def _pvc_name_default(self) -> str:
        """One workspace for a person in a team, whatever server, environment or size."""
        return "workspace-{username}"

    @default("delete_pvc")  # type: ignore[untyped-decorator]
    def _delete_pvc_default(self) -> bool:
        """Files outlive an account: how long is the account commands' to say, not the hub's."""
        return False

    @default("storage_pvc_ensure")  # type: ignore[untyped-decorator]
    def _storage_default(self) -> bool:
        return True

    @default("storage_capacity")  # type: ignore[untyped-decorator]
    def _capacity_default(self) -> str:
        return "10Gi"

    @default("volumes")  # type: ignore[untyped-decorator]
    def _volumes_default(self) -> list[dict[str, object]]:
        claim = {"claimName": "{pvc_name}"}
        return [{"name": WORKSPACE_VOLUME, "persistentVolumeClaim": claim}]

    @default("volume_mounts")  # type: ignore[untyped-decorator]
    def _mounts_default(self) -> list[dict[str, object]]:
        return [{"name": WORKSPACE_VOLUME, "mountPath": HOME}]
