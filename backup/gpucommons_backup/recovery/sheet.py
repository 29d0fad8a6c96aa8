"""The recovery sheet: one page, which opens all snapshots when nothing else is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from string import Template

from gpucommons_backup.recovery.keys import RecoveryKey
from gpucommons_backup.recovery.shelf import FILE, NAME, PASSWORD, SEALED

_SHEET = Template("""\
RECOVERY SHEET of GPU Commons: people's files after the cluster is gone
made $day. Print it, keep it in a safe, and on no machine of the cluster.

Whoever has this page and a login to a store below can read all snapshots of all
people. Without it, and without the cluster, nobody can.

KEY
    $private
its public half, in backup.yaml
    $recipient

STORES
$stores
Their logins are not on this page. A store's owner can make new ones: for S3 an access
key, for rest-server a line of its htpasswd file. A store's own disk needs none: put its
folder in place of the address, without "rest:".

WHAT YOU NEED: restic 0.17 or newer (https://restic.net) and age
(https://age-encryption.org), from any Linux; no part of GPU Commons.

1. Write the key into a file: type it, Enter, Ctrl+D.
    (umask 077 && cat > key.txt)

2. Say which store, and give the login (of S3: AWS_ACCESS_KEY_ID and
   AWS_SECRET_ACCESS_KEY):
    export STORE=$address
    export RESTIC_REST_USERNAME=... RESTIC_REST_PASSWORD=...

3. Take the sealed passwords out of the store and open them:
    export RESTIC_PASSWORD=$open RESTIC_REPOSITORY=$${STORE}$shelf/
    restic --no-lock dump --host $sealed latest /$file > $file
    age --decrypt --identity key.txt $file > passwords.txt

4. Each line of passwords.txt is one workspace, with its "team" and "owner"; the one of
   "(team folder)" is what the team shares. Take its "repository" and its
   $password, and put all back into a new folder:
    export RESTIC_PASSWORD=... RESTIC_REPOSITORY=$${STORE}...
    restic --no-lock snapshots --host workspace
    restic --no-lock restore latest --host workspace --sparse --target home

5. Delete key.txt and passwords.txt.
""")


@dataclass(frozen=True, slots=True)
class StoreOnSheet:
    """A store, as the sheet names it."""

    address: str
    """Ends with a slash."""
    is_copy: bool = False

    @property
    def password(self) -> str:
        """Which password of a line opens a repository there."""
        return '"copy_password"' if self.is_copy else '"password"'


def sheet(key: RecoveryKey, stores: Sequence[StoreOnSheet], day: date) -> str:
    """Write it. Its commands are for the last of the stores: the one that is farthest away."""
    last = stores[-1]
    return _SHEET.substitute(
        day=day.isoformat(),
        private=key.private,
        recipient=key.recipient,
        stores="\n".join(f"    {each.address}  opens with {each.password}" for each in stores),
        open=PASSWORD,
        shelf=NAME,
        sealed=SEALED,
        file=FILE,
        password=last.password,
        address=last.address,
    )
