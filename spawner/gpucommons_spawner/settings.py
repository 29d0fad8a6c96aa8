"""What an operator sets in addition to KubeSpawner's settings, and our defaults of these.

An operator may set each otherwise, under ``GPUSpawner`` or ``KubeSpawner``.
"""

from typing import Any

from gpucommons_contract import GRANTS_NAMESPACE, NOTICES_NAMESPACE
from traitlets import Bool, Callable, Enum, Float, Integer, Unicode, default
from traitlets.config import Configurable

HOME = "/home/jovyan"
WORKSPACE_VOLUME = "workspace"


class SpawnerSettings(Configurable):
    """Settings and defaults; what they do is in ``GPUSpawner``."""

    catalogue_file = Unicode(
        config=True,
        help="""
        Path of the catalogue of environments, sizes and quotas (YAML). A change takes
        effect within seconds, unless the file has a mistake: then the previous one stays in force.
        There is no default. Example: ``/etc/gpucommons/catalogue.yaml``.
        """,
    )
    watch_cluster = Bool(
        True,
        config=True,
        help="""
        Whether to follow the nodes and pods of the whole cluster, to show what is free.
        The hub needs the right to list and watch both. Without it, set this to False:
        every size is then offered, and a start says if there is no room. Where nodes are added
        on demand, leave it on, and set ``nodes_on_demand`` of the sizes that they are for.
        """,
    )
    watch_grants = Bool(
        True,
        config=True,
        help=f"""
        Whether to follow the quota grants that ``gpucommons quota grant`` makes.
        The hub needs the right to list and watch ConfigMaps in the namespace
        ``{GRANTS_NAMESPACE}``. Without it, set this to False: grants then have no effect.
        """,
    )
    watch_notices = Bool(
        True,
        config=True,
        help=f"""
        Whether to follow the notices that ``gpucommons notice send`` makes, and to show them in
        sessions that start, for as long as they are in force. The hub needs the right to list and
        watch ConfigMaps in the namespace ``{NOTICES_NAMESPACE}``. Without it, set this
        to False: then only sessions that run when a notice is sent show it.
        """,
    )
    show_notice = Callable(
        None,
        allow_none=True,
        config=True,
        help="""
        Awaited with the spawner and a ``gpucommons_contract.Notice`` to show that in the session,
        because it is taken away, or some time before it ends because of its time limit, or
        because the notice is in force when the session starts. The hub's configuration sets it to
        the authenticator's ``show_notice``. None, the default, shows nothing.
        """,
    )
    queue = Unicode(
        "",
        config=True,
        help="""
        Name of the LocalQueue of Kueue in each team's namespace in which sessions that ask for
        a GPU wait until one is free. The account commands make one called ``sessions``.
        Empty, the default: no Kueue; a start that finds no free GPU fails.
        """,
    )
    queue_timeout = Integer(
        12 * 60 * 60,
        config=True,
        help="""
        Seconds after which a session that waits in the queue is given up. ``start_timeout``
        begins when it leaves the queue. Half a day by default: whoever starts in the morning
        should not find a GPU taken in their name at night. Example: ``3600``.
        """,
    )
    unschedulable_timeout = Float(
        10,
        config=True,
        help="""
        Seconds after which a session that no node can take, or whose image cannot be
        fetched, is given up, with the reason. One whose volume is still being made waits as long
        as ``start_timeout`` says. Where nodes are added on demand, say so in the catalogue:
        ``nodes_on_demand`` of a size is how long its starts wait for a node.
        """,
    )
    start_slots = Integer(
        32,
        config=True,
        help="""
        How many starts the hub has under way at once; 0 is no limit. The others wait for their
        turn, in the order in which they came, and ``start_timeout`` begins after that. A start
        has a slot until its session answers, but no longer than five seconds, so that one that
        fetches a large image keeps nobody waiting. Leave ``JupyterHub.concurrent_spawn_limit``
        at 0.
        """,
    )
    forgotten_grace = Float(
        1800,
        config=True,
        help="""
        Seconds after which a session's pod that belongs to no server of JupyterHub is ended.
        The hub first tries to give it back to its person's server, and ends it if that cannot be
        done: because nobody has such a server, because that has another pod, or because the hub
        does not reach it. Half an hour by default: time enough to repair a network, and
        not long for a GPU. Example: ``600``.
        """,
    )
    gpu_processes_url = Unicode(
        "",
        config=True,
        help="""
        Where a session with a GPU asks the agent of its node which processes on the GPU are its
        own, so that its panel can say which kernel holds how much memory. See
        cluster/gpu-processes. Empty, the default: there is no agent, and the panel does not say.
        Example: ``http://gpu-processes.gpucommons-node.svc:8890``.
        """,
    )
    files_url = Unicode(
        "",
        config=True,
        help="""
        Where sessions reach the service that has earlier versions of files, see
        ``gpucommons backup serve``: then JupyterLab lists them below *File → Revert to
        Checkpoint*. Sessions send it their own token. Empty, the default: there is none.
        Example: ``http://earlier-files.gpucommons.svc:10106/services/files``.
        """,
    )
    team_folder_path = Unicode(
        f"{HOME}/team",
        config=True,
        help="""
        Where sessions find the folder of their team, if it has one: see ``gpucommons team add
        --team-folder``. By default it is in the home folder, so that JupyterLab's file browser and
        VS Code show it. Kubernetes makes the folder ``team`` in each workspace for that, as root:
        where the storage does not let root do so, choose a path elsewhere. Example: ``/team``.
        """,
    )
    budget_outage = Enum(
        ["allow", "deny"],
        default_value="allow",
        config=True,
        help="""
        What holds for starts with a GPU while accounting does not say what is left of budgets.
        ``allow``, the default: they start, and the page says that nobody checks; who wants to work
        is not to wait for a bill. ``deny``: those start no session that have a budget which
        refuses starts. Without accounting there are no budgets, and this says nothing.
        """,
    )
    budget_outage_after = Float(
        300,
        config=True,
        help="""
        Seconds without an answer of accounting after which ``budget_outage`` holds. Until then
        what it said last does, with what sessions took since: five minutes by default, in
        which accounting can be restarted or moved to another node. Example: ``60``.
        """,
    )
    lab_name = Unicode(
        "",
        config=True,
        help="""
        What sessions call the installation, as in the welcome notebook. It is ``Brand.name``,
        which gives all pages the name, unless you set it here too. Example: ``Vision Lab GPUs``.
        """,
    )

    # Defaults of KubeSpawner's settings: an unprivileged user, and one workspace for all sessions
    # of a person in a team. It is the whole home folder: what is saved there outlives the session.

    @default("start_timeout")
    def _start_timeout_default(self) -> int:
        """Five minutes, as z2jh: an image of several GB may have to be fetched first."""
        return 300

    @default("k8s_api_request_timeout")
    def _request_timeout_default(self) -> int:
        """Thirty seconds: under load an API server may take longer than KubeSpawner's three."""
        return 30

    @default("k8s_api_request_retry_timeout")
    def _retry_timeout_default(self) -> int:
        return 60

    @default("poll_interval")
    def _poll_interval_default(self) -> int:
        """Seldom: the watch says when a pod changes, and `PodLook` looks then."""
        return 300

    @default("delete_grace_period")
    def _delete_grace_default(self) -> int:
        """A session that is asked to end saves, and kernels close their files; it ends sooner."""
        return 15

    @default("uid")
    def _uid_default(self) -> int:
        """One user ID for all: MPS lets sessions share a GPU only then."""
        return 1000

    @default("gid")
    def _gid_default(self) -> int:
        return 100

    @default("fs_gid")
    def _fs_gid_default(self) -> int:
        return 100

    @default("container_security_context")
    def _container_security_default(self) -> dict[str, object]:
        return {
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }

    @default("pod_security_context")
    def _pod_security_default(self) -> dict[str, object]:
        return {"fsGroupChangePolicy": "OnRootMismatch"}

    @default("pvc_name_template")
    def _pvc_name_default(self) -> str:
        """One workspace for a person in a team, whatever server, environment or size."""
        return "workspace-{username}"

    @default("delete_pvc")
    def _delete_pvc_default(self) -> bool:
        """Files outlive an account: how long is up to the account commands, not the hub."""
        return False

    @default("storage_pvc_ensure")
    def _storage_default(self) -> bool:
        return True

    @default("storage_capacity")
    def _capacity_default(self) -> str:
        return "10Gi"

    @default("volumes")
    def _volumes_default(self) -> list[dict[str, object]]:
        claim = {"claimName": "{pvc_name}"}
        return [{"name": WORKSPACE_VOLUME, "persistentVolumeClaim": claim}]

    @default("volume_mounts")
    def _mounts_default(self) -> list[dict[str, object]]:
        return [{"name": WORKSPACE_VOLUME, "mountPath": HOME}]

    @default("apply_user_options")
    def _apply_user_options_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        """Options are checked and applied in one place: ``load_user_options``."""
        return lambda _spawner, _options: None
