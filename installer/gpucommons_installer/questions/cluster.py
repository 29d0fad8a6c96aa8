"""What the cluster brings: images, storage, a database, charts, and where secrets come from."""

from gpucommons_installer import formats
from gpucommons_installer.answers import Answered, Value
from gpucommons_installer.questions.question import Question, if_is

ENVIRONMENTS = ("scipy", "pytorch", "tensorflow")
"""Those of images/, each with an image of version 2026.11."""
CHARTS = ("cert-manager", "cloudnative-pg", "gpu-operator", "kueue")
"""What a cluster may have already, so that we leave it alone."""
_ACCESS = {each.lower(): each for each in ("ReadWriteOnce", "ReadWriteMany")}


def _access(text: str) -> str:
    return _ACCESS[formats.one_of(*_ACCESS)(text)]


def _at_least_one(value: Value, _so_far: Answered) -> None:
    if not value:
        raise ValueError(f"sessions need one; name some of {', '.join(ENVIRONMENTS)}")


CLUSTER = (
    Question(
        "registry",
        "Where the images are that you build",
        "HOST/PATH, such as registry.example.org/gpucommons",
        formats.image_prefix,
    ),
    Question(
        "environments",
        "Which environments do you build images of?",
        f"some of {', '.join(ENVIRONMENTS)}; the first is the default",
        formats.some_of(*ENVIRONMENTS),
        default=",".join(ENVIRONMENTS),
        rule=_at_least_one,
    ),
    Question(
        "storage_class",
        "Storage class of people's files (kubectl get storageclass)",
        "the name of a StorageClass",
        formats.object_name,
    ),
    Question(
        "storage_access",
        "May several nodes mount a volume of it?",
        "ReadWriteMany, or ReadWriteOnce: then all sessions of a person are on one node",
        _access,
        default="ReadWriteOnce",
    ),
    Question(
        "workspace",
        "Storage for each person's files",
        "an amount such as 50Gi, or nothing: what the environment has",
        formats.storage,
        default="",
    ),
    Question(
        "database",
        "Is PostgreSQL made here, by CloudNativePG, or given?",
        "made or given",
        formats.one_of("made", "given"),
        default="made",
    ),
    Question(
        "database_address",
        "Address of the PostgreSQL, with databases hub and idle, and accounting if that is on",
        "HOST:PORT, such as db.example.org:5432",
        formats.host_and_port,
        when=if_is("database", "given"),
    ),
    Question(
        "database_storage_class",
        "Storage class of the database",
        "the name of a StorageClass with volumes that are fast",
        formats.object_name,
        default=lambda so_far: str(so_far.get("storage_class", "")),
        when=if_is("database", "made"),
    ),
    Question(
        "database_storage",
        "Storage of the database",
        "an amount such as 10Gi",
        formats.storage,
        default="10Gi",
        when=if_is("database", "made"),
    ),
)

LAST = (
    Question(
        "api_port",
        "Port of the API server (kubectl -n default get endpointslice kubernetes)",
        "a port; network policies let our pods reach it at 443 and 6443 in any case",
        formats.tcp_port,
        default="6443",
    ),
    Question(
        "present",
        "What does the cluster have already?",
        f"some of {', '.join(CHARTS)}, or none",
        formats.some_of(*CHARTS),
        default="none",
    ),
    Question(
        "parts",
        "Which optional parts? gpu-processes is for drivers before 535.113",
        "gpu-processes, or none",
        formats.some_of("gpu-processes"),
        default="none",
    ),
    Question(
        "secrets",
        "How are Secrets made?",
        "commands, external-secrets or sealed-secrets",
        formats.one_of("commands", "external-secrets", "sealed-secrets"),
        default="commands",
    ),
    Question(
        "secret_store",
        "ClusterSecretStore of External Secrets",
        "its name",
        formats.object_name,
        when=if_is("secrets", "external-secrets"),
    ),
    Question(
        "clone",
        "Path of the clone of GPU Commons, from the folder that is written",
        "a path such as .. with cluster/ and helm-values/ in it",
        formats.relative_path,
        default="..",
    ),
)
