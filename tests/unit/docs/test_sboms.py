"""What a release says that it is made of: every package of every lock file, and of an image."""

import importlib.util
import io
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from reference_pages.project import ROOT

_SCRIPT = ROOT / "requirements" / "write_sboms.py"
_LISTED = {
    *ROOT.glob("requirements/*.txt"),
    *ROOT.glob("images/*/*.txt"),
    *ROOT.glob("local/**/go.mod"),
    ROOT / "package-lock.json",
    ROOT / "local" / "programs" / "package-lock.json",
}


@pytest.fixture(scope="module")
def sboms():
    """The script, as a module."""
    specification = importlib.util.spec_from_file_location("write_sboms", _SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules["write_sboms"] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bills(tmp_path_factory) -> dict[str, dict]:
    """What the command writes, by the name of the file."""
    folder = tmp_path_factory.mktemp("sboms")
    subprocess.run([sys.executable, _SCRIPT, folder], check=True, capture_output=True)
    return {each.name: json.loads(each.read_text()) for each in folder.iterdir()}


def _purls(bill: dict) -> set[str]:
    return {each["purl"] for each in bill["components"]}


def test_there_is_a_bill_for_each_lock_file(sboms, bills):
    assert set(sboms.lock_files().values()) == _LISTED
    assert set(bills) == {f"gpucommons-{name}.cdx.json" for name in sboms.lock_files()}


def test_each_pinned_python_package_is_in_its_bill(sboms, bills):
    for name, file in sboms.lock_files().items():
        if file.suffix == ".txt":
            found = _purls(bills[f"gpucommons-{name}.cdx.json"])
            pinned = [line for line in file.read_text().splitlines() if "==" in line]
            for line in pinned:
                package, _, rest = line.partition("==")
                package = re.sub(r"\[.*", "", package).lower().replace("_", "-").replace(".", "-")
                version = re.split(r"[ ;]", rest)[0].replace("+", "%2B").replace("!", "%21")
                assert f"pkg:pypi/{package}@{version}" in found, line
            assert len(found) == len({line.split(" ;")[0] for line in pinned})


def test_each_package_of_npm_is_there_with_its_hash(bills):
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    found = {each["purl"]: each for each in bills["gpucommons-npm.cdx.json"]["components"]}
    names = [each for each in locked if "node_modules/" in each and not locked[each].get("link")]
    assert len(names) > 100
    for place in names:
        name = place.rpartition("node_modules/")[2].replace("@", "%40")
        each = found[f"pkg:npm/{name}@{locked[place]['version']}"]
        assert bool(each.get("hashes")) is ("integrity" in locked[place])
    assert not [each for each in found if "gpucommons" in each]


def test_each_module_of_go_is_there_as_it_is_built(bills):
    found = _purls(bills["gpucommons-go-programs.cdx.json"])
    text = (ROOT / "local" / "programs" / "go.mod").read_text()
    replaced = dict(re.findall(r"^\t(\S+) => \S+ (v\S+)$", text, re.MULTILINE))
    required = re.findall(r"^\t(\S+) (v\S+)", text, re.MULTILINE)
    assert len(required) > 100
    for name, version in required:
        assert f"pkg:golang/{name}@{replaced.get(name, version).replace('+', '%2B')}" in found


def test_a_bill_is_one_of_cyclonedx_and_the_same_each_time(sboms, bills):
    for name, bill in bills.items():
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6"), name
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
        references = [each["bom-ref"] for each in bill["components"]]
        assert references == sorted(set(references))
    parts = set(sboms.of_requirements("b==2\na_c[x]==1.0 ; python_version < '3.12'\n# c==3\n"))
    assert sboms.bill("x", "1", parts) == sboms.bill("x", "1", sorted(parts, reverse=True))
    assert {each.purl for each in parts} == {"pkg:pypi/b@2", "pkg:pypi/a-c@1.0"}


def test_a_lock_file_without_a_package_is_a_mistake(sboms, tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# none\n")
    with pytest.raises(ValueError, match="names no package"):
        sboms.read(file)


_STATUS = """Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2+b7

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""


def _tar(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def _image(file: Path, *layers: dict[str, bytes]) -> Path:
    names = [f"{number}.tar" for number in range(len(layers))]
    manifest = json.dumps([{"Layers": names}]).encode()
    packed = dict(zip(names, map(_tar, layers), strict=True))
    file.write_bytes(_tar({"manifest.json": manifest, **packed}))
    return file


def test_an_image_has_the_packages_that_its_last_layer_leaves(sboms, tmp_path):
    of_python = "opt/x/lib/python3/site-packages/{}.dist-info/METADATA"
    image = _image(
        tmp_path / "image.tar",
        {
            "var/lib/dpkg/status": b"",
            "usr/lib/os-release": b"ID=debian\nVERSION_CODENAME=bookworm\n",
            of_python.format("pip-25.1"): b"",
        },
        {
            "var/lib/dpkg/status": _STATUS.encode(),
            of_python.format("jupyter_hub-6.1.1"): b"",
            "opt/x/lib/python3/site-packages/.wh.pip-25.1.dist-info": b"",
        },
    )
    assert {each.purl for each in sboms.of_image(image)} == {
        "pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=bookworm",
        "pkg:pypi/jupyter-hub@6.1.1",
    }


def test_a_layer_takes_away_what_it_names_and_nothing_that_only_begins_alike(sboms, tmp_path):
    place = "opt/x/site-packages/"
    dist = place + "{}.dist-info/METADATA"
    image = _image(
        tmp_path / "image.tar",
        {dist.format(name): b"" for name in ("numpy-1.0", "numpy-financial-1.0", "numpy_x-1.0")},
        {place + ".wh.numpy": b"", place + ".wh.numpy-1.0.dist-info": b""},
        {"srv/" + dist.format("old-1"): b""},
        # The folder is another one: what was in it is gone, whatever comes first.
        {"srv/" + dist.format("new-1"): b"", f"srv/{place}.wh..wh..opq": b""},
    )
    assert {each.purl for each in sboms.of_image(image)} == {
        "pkg:pypi/numpy-financial@1.0",
        "pkg:pypi/numpy-x@1.0",
        "pkg:pypi/new@1",
    }
