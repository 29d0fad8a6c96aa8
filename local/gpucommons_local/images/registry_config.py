"""How this machine reaches package registries, lent to a build and absent from its result.

pip and npm may be configured here with a mirror, or with the certificate authority of a house
whose proxy looks into connections; inside a build they know nothing of it. So /root, where
both look, is mounted for the time of the build from a folder that holds their configuration.
Proxy variables (``https_proxy`` and others) are passed on by buildah itself.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path

_HOME = Path("/root")  # in every base image, so that the mount leaves no trace
_CERTIFICATES = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_PLACES_OUTSIDE = ("cache-dir", "config-file", "find-links")
_PIP_VARIABLE = ":env:."  # how `pip config list` marks a setting from a variable
_NPM_VARIABLE = "npm_config_"


def mount_registry_config(folder: Path, variables: Mapping[str, str] = os.environ) -> str:
    """Fill an empty private folder with this machine's configuration.

    Returns the mount that a build needs, as ``HOST:INSIDE``. variables: the environment to
    read settings from.
    """
    pip = _pip_settings(variables)
    places = [pip.pop("global.cert", None), *(variables.get(each) for each in _CERTIFICATES)]
    certificates = _copy_certificates(folder, places)
    if certificates:
        pip["global.cert"] = certificates
    _write_pip(folder / ".config/pip/pip.conf", pip)
    _write_npm(folder / ".npmrc", variables, certificates)
    return f"{folder}:{_HOME}"


def _copy_certificates(folder: Path, places: list[str | None]) -> str | None:
    """Copy the first bundle that there is; give its path inside."""
    for place in places:
        if place and Path(place).is_file():
            shutil.copy(place, folder / "certificates.pem")
            return str(_HOME / "certificates.pem")
    return None


def _pip_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Give the settings in force, from files and variables, such as ``global.index-url``."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    told = subprocess.run(
        command, env=dict(variables), capture_output=True, text=True, check=False
    ).stdout
    settings = {}
    for line in sorted(told.splitlines(), key=lambda each: each.startswith(_PIP_VARIABLE)):
        name, _, value = line.partition("=")
        settings[name.replace(_PIP_VARIABLE, "global.")] = str(ast.literal_eval(value))
    return settings


def _write_pip(path: Path, settings: Mapping[str, str]) -> None:
    parser = RawConfigParser()
    for name, value in settings.items():
        section, _, key = name.partition(".")
        if key not in _PLACES_OUTSIDE:
            parser.setdefault(section, {})
            parser.set(section, key, value)
    path.parent.mkdir(parents=True)
    with path.open("w") as file:
        parser.write(file)


def _write_npm(path: Path, variables: Mapping[str, str], certificates: str | None) -> None:
    home = Path(variables.get("HOME") or Path.home())
    own = Path(variables.get("npm_config_userconfig") or home / ".npmrc")
    lines = own.read_text().splitlines() if own.is_file() else []
    for name, value in variables.items():
        if name.lower().startswith(_NPM_VARIABLE):
            lines.append(f"{name[len(_NPM_VARIABLE) :].replace('_', '-')}={value}")
    kept = [line for line in lines if not line.startswith(("cafile", "cache", "userconfig"))]
    kept += [f"cafile={certificates}"] if certificates else []
    path.write_text("".join(f"{line}\n" for line in kept))
