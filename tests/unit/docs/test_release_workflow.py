"""What the workflow of a release does with images, and what keeps a release from coming out."""

import os
import re
import subprocess

import pytest
import yaml
from reference_pages.project import ROOT

_WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"


def _script(job: str) -> str:
    steps = yaml.safe_load(_WORKFLOW.read_text())["jobs"][job]["steps"]
    return "\n".join(each.get("run", "") for each in steps).replace("\\\n", " ")


def test_every_image_of_a_release_has_an_sbom_and_provenance_that_are_looked_at():
    script = _script("images")
    builds = re.findall(r"docker (?:buildx )?build .*", script)
    assert len(builds) == 2
    for each in builds:
        assert {"--push", "--sbom=true", "--provenance=mode=max"} <= set(each.split())
    # Each loop notes what it pushed, for the step that reads the SBOMs back.
    assert script.count(">> images.txt") == len(builds)
    assert "done < images.txt" in script
    assert "sboms/*" in _script("announce")


def _jobs(name: str) -> dict:
    return yaml.safe_load((_WORKFLOW.parent / name).read_text())["jobs"]


def _needs(job: str) -> set[str]:
    said = _jobs("release.yml")[job].get("needs", [])
    needed = {said} if isinstance(said, str) else set(said)
    return needed.union(*map(_needs, needed))


def test_nothing_is_published_or_announced_with_a_weakness_that_nobody_accepted():
    assert _jobs("release.yml")["weaknesses"]["uses"] == "./.github/workflows/weaknesses.yml"
    for job in ("pypi", "announce"):
        assert {"weaknesses", "images"} <= _needs(job)
    images = _script("images")
    assert images.index("done < images.txt") < images.index(".github/check-images sboms")


_GH = """#!/bin/sh
case "$GIVES $*" in
    "no release "*" list "*) ;;
    *" list "*) echo 1.2.3 ;;
    *) exit 1 ;;
esac
"""


@pytest.mark.parametrize(("gives", "ends"), [("no release", 0), ("no SBOM", 1)])
def test_only_without_a_release_are_no_images_looked_at(tmp_path, gives, ends):
    (step,) = _jobs("weaknesses.yml")["images"]["steps"][1:]
    program = tmp_path / "gh"
    program.write_text(_GH)
    program.chmod(0o755)
    environment = {"GIVES": gives, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    shell = ("bash", "-e", "-c", step["run"])  # as the workflow's own
    done = subprocess.run(shell, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == ends


def test_each_python_package_that_is_pinned_is_looked_up():
    (python,) = _jobs("weaknesses.yml")["python"]["steps"][2:]
    (listed,) = re.findall(r"for file in (.*); do", python["run"])
    found = {
        ROOT / each
        for pattern in listed.split()
        for each in _expanded(pattern)
    }  # fmt: skip
    files = {*(ROOT / "requirements").glob("*.txt"), *(ROOT / "images").glob("*/*.txt")}
    assert files - found == {ROOT / "requirements" / "tools.txt"}
    for file in found:
        lines = re.findall(r"^[^#\s].*$", file.read_text(), re.MULTILINE)
        assert lines
        assert all("==" in each for each in lines), file


def _expanded(pattern: str) -> list[str]:
    """What a shell makes of braces, and of stars within the repository."""
    head, _, rest = pattern.partition("{")
    inner, _, tail = rest.partition("}")
    names = [f"{head}{each}{tail}" for each in inner.split(",")] if rest else [pattern]
    return [str(path.relative_to(ROOT)) for name in names for path in ROOT.glob(name)]


def test_a_weakness_is_accepted_until_a_day_with_a_reason():
    before = ""
    for line in (ROOT / ".github" / "accepted-weaknesses").read_text().splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"(CVE|GHSA|PYSEC)-[\w-]+ exp:\d{4}-\d\d-\d\d", line)
            assert len(before) > 20, line
            assert before.startswith("#")
        before = line
