"""Write down what a release is made of: a bill of materials (SBOM) in CycloneDX for each lock file.

    write_sboms.py FOLDER            of all lock files, into FOLDER
    write_sboms.py FOLDER IMAGE.tar  also of images, as `docker save` writes them

The same lock files give the same bytes. https://cyclonedx.org/docs/1.6/json/
"""

import base64
import json
import re
import sys
import tarfile
import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

ROOT = Path(__file__).parents[1]

_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_REQUIRED = re.compile(r"^\s*(?:require\s+)?([\w.~/-]+\.[\w.~/-]+) (v\S+)", re.MULTILINE)
_REPLACED = re.compile(r"^\s*(?:replace\s+)?(\S+)(?: v\S+)? => (\S+) (v\S+)", re.MULTILINE)
_DISTRIBUTION = re.compile(r"/([^/]+)-([^-/]+)\.dist-info/METADATA$")
_GONE = re.compile(r"^(.*)/\.wh\.(?:\.wh\.\.opq|(.*))$")
"""What a layer takes away of those below it: all in a folder, or one file or folder.

https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
"""
_STATUS = "var/lib/dpkg/status"
_RELEASE = "usr/lib/os-release"
_HASHES = {"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
"""Names of algorithms, in npm's lock files and in CycloneDX."""


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """One package. purl: https://github.com/package-url/purl-spec. integrity: as npm has it."""

    purl: str
    name: str
    version: str
    integrity: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as CycloneDX has components."""
        known = {"type": "library", "bom-ref": self.purl, "name": self.name}
        hashes = [
            {"alg": _HASHES[kind], "content": base64.b64decode(value).hex()}
            for kind, _, value in (each.partition("-") for each in self.integrity.split())
            if kind in _HASHES
        ]
        more = {"hashes": hashes} if hashes else {}
        return {**known, "version": self.version, "purl": self.purl, **more}


def of_requirements(text: str) -> Iterator[Component]:
    """Read the packages of a file for pip, whatever their markers."""
    for line in text.splitlines():
        if found := _PINNED.match(line):
            yield _python(*found.groups())


def _python(name: str, version: str) -> Component:
    name = re.sub(r"[-_.]+", "-", name).lower()
    return Component(f"pkg:pypi/{name}@{quote(version, safe='')}", name, version)


def of_package_lock(text: str) -> Iterator[Component]:
    """Read the packages of npm's lock file; the project's own workspaces are none."""
    for place, found in json.loads(text)["packages"].items():
        _, inside, name = place.rpartition("node_modules/")
        if inside and not found.get("link"):
            name, version = found.get("name", name), found["version"]
            purl = f"pkg:npm/{quote(name, safe='/')}@{quote(version, safe='')}"
            yield Component(purl, name, version, found.get("integrity", ""))


def of_go_module(text: str) -> Iterator[Component]:
    """Read the modules that a go.mod requires: since Go 1.17 it names all that are built."""
    replaced = {name: instead for name, *instead in _REPLACED.findall(text)}
    for required in _REQUIRED.findall(text):
        name, version = replaced.get(required[0], required)
        yield Component(f"pkg:golang/{name}@{quote(version, safe='')}", name, version)


def of_image(archive: Path) -> Iterator[Component]:
    """Read the Debian and Python packages of an image, as `docker save` writes it."""
    status, release, distributions = "", "", set[str]()
    with tarfile.open(archive) as image:
        (manifest,) = json.load(_file(image, "manifest.json"))
        for layer in manifest["Layers"]:
            below = distributions.copy()
            with tarfile.open(fileobj=_file(image, layer)) as files:
                for member in files:
                    name = member.name.removeprefix("./")
                    if gone := _GONE.search(f"/{name}"):
                        inside = f"{gone[1]}/{gone[2] or ''}".rstrip("/") + "/"
                        distributions -= {e for e in below if f"/{e}/".startswith(inside)}
                    elif name == _STATUS:
                        status = _file(files, member).read().decode()
                    elif name == _RELEASE:
                        release = _file(files, member).read().decode()
                    elif _DISTRIBUTION.search(f"/{name}"):
                        distributions.add(name)
    yield from of_debian(status, release)
    for each in distributions:
        if found := _DISTRIBUTION.search(f"/{each}"):
            yield _python(*found.groups())


def of_debian(status: str, release: str) -> Iterator[Component]:
    """Read the installed packages that dpkg knows. release: the text of os-release."""
    distribution = re.search(r"^VERSION_CODENAME=(\w+)", release, re.MULTILINE)
    suffix = f"&distro={distribution[1]}" if distribution else ""
    for paragraph in status.split("\n\n"):
        fields = dict(re.findall(r"^([\w-]+): (.*)$", paragraph, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            name, version = fields["Package"], fields["Version"]
            where = f"arch={fields['Architecture']}{suffix}"
            yield Component(
                f"pkg:deb/debian/{name}@{quote(version, safe='')}?{where}", name, version
            )


def _file(archive: tarfile.TarFile, member: str | tarfile.TarInfo) -> IO[bytes]:
    found = archive.extractfile(member)
    if found is None:
        raise ValueError(f"{member} is no file of {archive.name!r}")
    return found


def bill(name: str, version: str, components: Iterable[Component]) -> str:
    """Write one bill. name: what is made of the components."""
    every = [each.to_json() for each in sorted(set(components))]
    content = json.dumps([name, version, every], sort_keys=True)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": f"gpucommons/{name}@{version}",
                "name": f"gpucommons/{name}",
                "version": version,
            }
        },
        "components": every,
    }
    return json.dumps(document, indent=1) + "\n"


def lock_files() -> Mapping[str, Path]:
    """Return each lock file by the name of its bill."""
    python = [
        *(ROOT / "requirements").glob("*.txt"),
        *(ROOT / "images").glob("*/requirements*.txt"),
        ROOT / "images" / "base" / "language-servers.txt",
    ]
    found = {f"python-{each.parent.name}-{each.stem}": each for each in python}
    for file in (ROOT / "package-lock.json", ROOT / "local" / "programs" / "package-lock.json"):
        found["npm" if file.parent == ROOT else f"npm-{file.parent.name}"] = file
    for file in (ROOT / "local").rglob("go.mod"):
        found[f"go-{'-'.join(file.parent.relative_to(ROOT / 'local').parts)}"] = file
    return found


def read(file: Path) -> set[Component]:
    """Read a lock file of any kind. Raises ValueError for one without any package."""
    readers = {"package-lock.json": of_package_lock, "go.mod": of_go_module}
    found = set(readers.get(file.name, of_requirements)(file.read_text(encoding="utf-8")))
    if not found and file.name != "tools.txt":
        raise ValueError(f"{file} names no package")
    return found


def main(folder: str, *archives: str) -> None:
    """Write the bills, a file each."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {name: read(file) for name, file in lock_files().items()}
    found |= {f"image-{Path(each).stem}": set(of_image(Path(each))) for each in archives}
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for name, components in found.items():
        file = place / f"gpucommons-{name}.cdx.json"
        file.write_text(bill(name, project["version"], components), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
