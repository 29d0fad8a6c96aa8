"""A real LDAP directory (OpenLDAP's slapd) with people and groups that tests change."""

import os
import socket
import subprocess
from pathlib import Path

from gpucommons_local.machine.packages import DIRECTORY_SERVER, unpacked

from .processes import Program, free_port

BASE = "dc=example,dc=org"
_PEOPLE, _GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
_ADMIN, _ADMIN_PASSWORD = f"cn=admin,{BASE}", "directory-admin"
_SCHEMAS = ("core", "cosine", "inetorgperson")
PASSWORD = "password"


class Directory(Program):
    """slapd on a loopback port. People are entered with their groups' names."""

    def __init__(self, folder: Path):
        self._files = unpacked(DIRECTORY_SERVER)
        self._port = free_port()
        (folder / "ldap").mkdir()
        config = folder / "slapd.conf"
        config.write_text(_config(self._files, folder))
        libraries = ":".join(str(each) for each in self._files.glob("usr/lib/*-linux-gnu"))
        self._libraries = {"LD_LIBRARY_PATH": libraries}
        slapd = str(self._files / "usr/sbin/slapd")
        address = f"ldap://127.0.0.1:{self._port}"
        command = [slapd, "-d", "0", "-h", address, "-f", str(config)]
        super().__init__(command, address, folder / "slapd.log", self._libraries)

    def _answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self._port)) == 0

    def found(self) -> None:
        """Make the empty tree."""
        self._change("ldapadd", f"dn: {BASE}\nobjectClass: domain\ndc: example\n")
        for unit in (_PEOPLE, _GROUPS):
            self._change("ldapadd", f"dn: {unit}\nobjectClass: organizationalUnit\n")

    def add(self, name: str, *groups: str) -> str:
        """Enter somebody, with PASSWORD; returns the e-mail address."""
        mail = f"{name}@example.org"
        person = ("objectClass: inetOrgPerson", f"uid: {name}", f"cn: {name}", f"sn: {name}")
        lines = [f"dn: {_person(name)}", *person, f"mail: {mail}", f"userPassword: {PASSWORD}"]
        self._change("ldapadd", "\n".join(lines) + "\n")
        for group in groups:
            self.join(name, group)
        return mail

    def join(self, name: str, group: str) -> None:
        """Make somebody a member of a group, which is made if it is new."""
        made = f"dn: {_group(group)}\nobjectClass: groupOfNames\nmember: {BASE}\n"
        self._change("ldapadd", made, "-c", check=False)
        self._change_members(name, group, "add")

    def leave(self, name: str, group: str) -> None:
        """Take somebody out of a group."""
        self._change_members(name, group, "delete")

    def remove(self, name: str) -> None:
        """Delete somebody."""
        self._change("ldapmodify", f"dn: {_person(name)}\nchangetype: delete\n")

    def connector(self) -> dict[str, object]:
        """Return this directory as a connector in Dex's configuration."""
        return {
            "type": "ldap",
            "id": "university",
            "name": "University",
            "config": {
                "host": f"127.0.0.1:{self._port}",
                "insecureNoSSL": True,
                "bindDN": _ADMIN,
                "bindPW": _ADMIN_PASSWORD,
                "userSearch": {
                    "baseDN": _PEOPLE,
                    "filter": "(objectClass=inetOrgPerson)",
                    "username": "mail",
                    "idAttr": "uid",
                    "emailAttr": "mail",
                    "nameAttr": "cn",
                },
                "groupSearch": {
                    "baseDN": _GROUPS,
                    "filter": "(objectClass=groupOfNames)",
                    "userMatchers": [{"userAttr": "DN", "groupAttr": "member"}],
                    "nameAttr": "cn",
                },
            },
        }

    def _change_members(self, name: str, group: str, what: str) -> None:
        change = f"dn: {_group(group)}\nchangetype: modify\n{what}: member\nmember: "
        self._change("ldapmodify", f"{change}{_person(name)}\n")

    def _change(self, tool: str, ldif: str, *options: str, check: bool = True) -> None:
        address = ("-x", "-H", self.ready_url, "-D", _ADMIN, "-w", _ADMIN_PASSWORD)
        subprocess.run(
            [str(self._files / "usr/bin" / tool), *address, *options],
            input=ldif,
            env=os.environ | self._libraries,
            capture_output=True,
            text=True,
            check=check,
        )


def _person(name: str) -> str:
    return f"uid={name},{_PEOPLE}"


def _group(name: str) -> str:
    return f"cn={name},{_GROUPS}"


def _config(files: Path, folder: Path) -> str:
    schemas = [f"include {files}/etc/ldap/schema/{each}.schema" for each in _SCHEMAS]
    lines = [
        *schemas,
        f"modulepath {files}/usr/lib/ldap",
        "moduleload back_mdb",
        f"pidfile {folder}/slapd.pid",
        "database mdb",
        f'suffix "{BASE}"',
        f'rootdn "{_ADMIN}"',
        f"rootpw {_ADMIN_PASSWORD}",
        f"directory {folder}/ldap",
    ]
    return "\n".join(lines) + "\n"
