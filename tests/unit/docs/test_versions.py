"""One version: the package, the extensions, the changelog and, at a release, the tag."""

import json
import os
import re
import tomllib

from reference_pages.project import ROOT

_RELEASED = re.compile(r"^## \[(\d[^\]]*)\] - \d{4}-\d{2}-\d{2}$", re.MULTILINE)


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def test_package_and_extensions_have_the_same_version():
    folders = ("lab_extension", "session_client", "vscode_extension")
    manifests = [f"{folder}/package.json" for folder in folders]
    found = {each: json.loads((ROOT / each).read_text())["version"] for each in manifests}
    assert found == dict.fromkeys(manifests, _version())
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    locked = {folder: packages[folder]["version"] for folder in folders}
    assert locked == dict.fromkeys(folders, _version())


def test_the_changelog_begins_with_what_is_unreleased():
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert all(_RELEASED.match(f"## {heading}") for heading in headings[1:])


def test_the_last_release_of_the_changelog_is_the_version():
    released = _RELEASED.findall((ROOT / "CHANGELOG.md").read_text())
    assert not released or released[0] == _version()


def test_a_tag_is_the_version_and_in_the_changelog():
    if tag := os.environ.get("RELEASE"):
        released = _RELEASED.findall((ROOT / "CHANGELOG.md").read_text())
        assert (tag, released[:1]) == (f"v{_version()}", [_version()])
