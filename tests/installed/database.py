"""A PostgreSQL on the node, as hub and idle culler reach one from their pods."""

import os
import subprocess
import sys
from pathlib import Path

from gpucommons_local.machine.instance import NODE_ADDRESS, POD_RANGE, Instance
from gpucommons_local.machine.node import enter_command
from jupyterhub.dbutil import write_alembic_ini

from tests.hub.postgresql import PostgreSQL

JUPYTERHUB_5 = "4621fec11365"
"""The version of the tables that JupyterHub 5.5 has."""


class NodePostgreSQL(PostgreSQL):
    """Listens at the node's address, with TLS, for whoever has a password."""

    def __init__(self, instance: Instance) -> None:
        super().__init__()
        with (self.folder / "data" / "pg_hba.conf").open("a") as file:
            file.write(f"hostssl all all {POD_RANGE} scram-sha-256\n")
        options = {
            "listen_addresses": NODE_ADDRESS,
            "ssl": "on",
            "ssl_key_file": str(self._make_certificate()),
            "ssl_cert_file": str(self.folder / "certificate.pem"),
        }
        given = (word for name, value in options.items() for word in ("-c", f"{name}={value}"))
        self.command = [enter_command(instance), *self.command, *given]

    def add(self, name: str, password: str) -> None:
        """Make a role, and a database of the same name that is its own."""
        with self.connect() as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
            connection.execute(f"CREATE DATABASE {name} OWNER {name}")

    def make_jupyterhub_5(self) -> None:
        """Give the hub's database the tables of JupyterHub 5.5. No hub may use it meanwhile.

        What comes of it is, by pg_dump, the same as what JupyterHub 5.5.4 makes.
        """
        settings = self.folder / "alembic.ini"
        write_alembic_ini(str(settings), f"postgresql+psycopg://postgres@/hub?host={self.folder}")
        command = [sys.executable, "-m", "alembic", "-c", str(settings), "downgrade"]
        subprocess.run([*command, JUPYTERHUB_5], check=True, capture_output=True)

    def _make_certificate(self) -> Path:
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
        subprocess.run(
            [*command, "-subj", "/CN=database", "-keyout", str(key), "-out", str(certificate)],
            check=True,
            capture_output=True,
        )
        owner = self.folder.stat()
        for file in (key, certificate):
            os.chown(file, owner.st_uid, owner.st_gid)
        key.chmod(0o600)
        return key
