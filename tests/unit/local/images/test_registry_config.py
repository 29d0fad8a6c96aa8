import os
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest
from gpucommons_local.images.registry_config import mount_registry_config


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def ordinary(home: Path) -> dict[str, str]:
    """Variables of a machine without settings. pip reads no file but the one named here."""
    return {"HOME": str(home), "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "lent"
    folder.mkdir()
    return folder


def pip_settings(folder: Path) -> dict[str, str]:
    parser = RawConfigParser()
    parser.read(folder / ".config/pip/pip.conf")
    return dict(parser["global"]) if parser.has_section("global") else {}


def npm_settings(folder: Path) -> list[str]:
    return (folder / ".npmrc").read_text().splitlines()


def test_an_ordinary_machine_lends_nothing_but_an_empty_home(folder: Path, ordinary) -> None:
    assert mount_registry_config(folder, ordinary) == f"{folder}:/root"
    assert npm_settings(folder) == []
    assert pip_settings(folder) == {}


@pytest.mark.parametrize("name", ["PIP_CERT", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"])
def test_one_certificate_setting_serves_pip_and_npm(
    folder: Path, home: Path, ordinary, name: str
) -> None:
    bundle = home / "house.pem"
    bundle.write_text("certificates")
    mount_registry_config(folder, ordinary | {name: str(bundle)})
    assert (folder / "certificates.pem").read_text() == "certificates"
    assert pip_settings(folder)["cert"] == "/root/certificates.pem"
    assert "cafile=/root/certificates.pem" in npm_settings(folder)


def test_pip_settings_are_lent_without_paths_of_this_machine(
    folder: Path, home: Path, ordinary
) -> None:
    (home / "pip.conf").write_text(
        "[global]\nindex-url = https://mirror.example/simple\ncache-dir = /var/cache/pip\n"
        f"cert = {home / 'pip.conf'}\n"
    )
    mount_registry_config(folder, ordinary | {"PIP_CONFIG_FILE": str(home / "pip.conf")})
    assert pip_settings(folder) == {
        "index-url": "https://mirror.example/simple",
        "cert": "/root/certificates.pem",
    }


def test_a_variable_wins_over_the_file_as_in_pip_itself(folder: Path, home: Path, ordinary) -> None:
    (home / "pip.conf").write_text("[global]\ntimeout = 5\n")
    given = {"PIP_CONFIG_FILE": str(home / "pip.conf"), "PIP_TIMEOUT": "60"}
    mount_registry_config(folder, ordinary | given)
    assert pip_settings(folder)["timeout"] == "60"


def test_npm_settings_are_lent_without_paths_of_this_machine(
    folder: Path, home: Path, ordinary
) -> None:
    (home / ".npmrc").write_text("registry=https://mirror.example/\ncafile=/etc/house.pem\n")
    given = {"npm_config_fetch_retries": "5", "npm_config_cache": "/var/cache/npm"}
    mount_registry_config(folder, ordinary | given)
    assert npm_settings(folder) == ["registry=https://mirror.example/", "fetch-retries=5"]


def test_pip_reads_what_was_lent(folder: Path, home: Path, ordinary) -> None:
    (home / "pip.conf").write_text("[install]\nno-binary = thing\n[global]\nretries = 7\n")
    mount_registry_config(folder, ordinary | {"PIP_CONFIG_FILE": str(home / "pip.conf")})
    told = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env={"HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "global.retries='7'" in told.stdout
    assert "install.no-binary='thing'" in told.stdout
