"""What the workflow of a release does with images."""

import re

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
