"""What opens all snapshots once the cluster is gone: passwords, sealed to a key that is outside."""

from gpucommons_backup.recovery.keys import RecoveryKey, check_recipient, new_key, read_key
from gpucommons_backup.recovery.sealed import SealedRecord, seal, unseal
from gpucommons_backup.recovery.shelf import DrillNote, RecoveryShelf, shelf_address

__all__ = [
    "DrillNote",
    "RecoveryKey",
    "RecoveryShelf",
    "SealedRecord",
    "check_recipient",
    "new_key",
    "read_key",
    "seal",
    "shelf_address",
    "unseal",
]
