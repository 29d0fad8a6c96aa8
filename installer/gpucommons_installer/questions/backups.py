"""Where snapshots of people's files go."""

from gpucommons_installer import formats
from gpucommons_installer.questions.question import Question, if_is

_ANY = if_is("backups", "rest-server", "s3")

BACKUPS = (
    Question(
        "backups",
        "Where do snapshots of people's files go?",
        "rest-server (in the cluster), s3, or none: then lost files stay lost",
        formats.one_of("none", "rest-server", "s3"),
        default="none",
    ),
    Question(
        "backup_storage_class",
        "Storage class of the store of snapshots",
        "the name of a StorageClass on other disks than people's files",
        formats.object_name,
        when=if_is("backups", "rest-server"),
    ),
    Question(
        "backup_storage",
        "Storage of the store of snapshots",
        "an amount such as 200Gi: about as much as people have in files",
        formats.storage,
        default="200Gi",
        when=if_is("backups", "rest-server"),
    ),
    Question(
        "s3_endpoint",
        "Address of the S3 service",
        "an address with https, such as https://s3.example.org",
        formats.server_url,
        when=if_is("backups", "s3"),
    ),
    Question(
        "s3_bucket",
        "Bucket for snapshots alone; its keys go into a Secret",
        "its name",
        formats.bucket,
        when=if_is("backups", "s3"),
    ),
    Question(
        "s3_region",
        "Region of the bucket",
        "its name, such as eu-central-1, or nothing, where the service has none",
        formats.region,
        default="",
        when=if_is("backups", "s3"),
    ),
    Question(
        "recovery_key",
        "Public half of the recovery key (gpucommons backup recovery-key makes one)",
        "what begins with age1, or nothing: then whoever loses the cluster loses all snapshots",
        formats.recipient,
        default="",
        when=_ANY,
    ),
)
