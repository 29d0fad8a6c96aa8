"""`gpucommons catalogue`, as an administrator, an editor or a pipeline calls it."""

import json
from pathlib import Path

import gpucommons_config
import jsonschema
import pytest
import yaml
from gpucommons_config.command import main

DEFAULT = Path(gpucommons_config.__file__).with_name("catalogue.yaml")
FULL = Path(__file__).parents[1] / "spawner" / "full.yaml"


@pytest.fixture
def run(capsys):
    """Run a command; answers exit code, output and what was complained of."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main(["catalogue", *map(str, arguments)])
        written = capsys.readouterr()
        return code, written.out, written.err

    return run


@pytest.fixture
def broken(tmp_path) -> Path:
    file = tmp_path / "catalogue.yaml"
    file.write_text(DEFAULT.read_text().replace("    cpu: 4\n", "    cpu: lots\n"))
    return file


def test_a_catalogue_without_mistakes_passes(run):
    assert run("check", DEFAULT) == (0, f"{DEFAULT}: valid\n", "")


def test_a_mistake_is_told_with_file_line_and_key(run, broken):
    code, out, err = run("check", broken)
    line = broken.read_text().splitlines().index("    cpu: lots") + 1
    assert (code, out) == (1, "")
    assert err.startswith(f"{broken}:{line}: sizes.gpu.cpu: 'lots' is not an amount")


def test_an_editor_gets_line_and_column(run, broken):
    code, out, _ = run("check", "--json", broken)
    (problem,) = json.loads(out)["problems"]
    line = broken.read_text().splitlines().index("    cpu: lots") + 1
    assert (code, problem["line"], problem["column"]) == (1, line, 5)
    assert problem["key"] == "sizes.gpu.cpu"
    assert not problem["warning"]


def test_a_pipeline_can_demand_digests(run):
    code, _, err = run("check", "--digests", DEFAULT)
    assert code == 1
    assert "is not pinned by digest" in err
    assert run("check", "--digests", FULL)[0] == 0


def test_a_version_that_has_retired_is_a_warning(run, tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(FULL.read_text().replace("2027-01-31", "2020-01-31"))
    code, out, err = run("check", file)
    assert (code, out) == (0, f"{file}: valid\n")
    assert "warning: environments.lab.versions.old.retires: is past: 2020-01-31" in err


def test_a_file_that_is_not_there_is_told(run, tmp_path):
    for command in (["check"], ["images"], ["constraints"], ["manifests", "--team", "vision"]):
        code, _, err = run(*command, tmp_path / "none.yaml")
        assert code == 1
        assert err == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory\n"


def test_images_are_values_of_the_chart(run):
    _, out, _ = run("images", FULL)
    images = yaml.safe_load(out)["prePuller"]["extraImages"]
    assert images["lab-old"] == {"name": "registry.example.org/lab@sha256", "tag": "b" * 64}


def test_manifests_are_those_of_the_teams_that_are_named(run):
    _, out, _ = run("manifests", FULL, "--team", "vision", "--team", "astro")
    found = {
        (each["kind"], each["metadata"]["name"])
        for each in yaml.safe_load_all(out)
        if each["metadata"].get("namespace") != "team-vision"
    }
    assert ("PersistentVolume", "team-vision.data-imagenet") in found
    assert ("PersistentVolumeClaim", "data-sky") in found


def test_constraints_are_a_policy_and_its_binding(run):
    _, out, _ = run("constraints", FULL, "--image", "registry.example.org/sidecar:1")
    policy, binding = yaml.safe_load_all(out)
    assert policy["kind"] == "ValidatingAdmissionPolicy"
    assert binding["spec"]["validationActions"] == ["Deny"]
    # A change of one image is a difference of one line.
    assert '      "registry.example.org/sidecar:1",\n' in out
    _, trial, _ = run("constraints", FULL, "--trial")
    assert list(yaml.safe_load_all(trial))[1]["spec"]["validationActions"] == ["Warn", "Audit"]


def test_constraints_for_gatekeeper_are_a_template_and_a_constraint(run):
    _, out, _ = run("constraints", FULL, "--gatekeeper")
    template, constraint = yaml.safe_load_all(out)
    assert template["kind"] == "ConstraintTemplate"
    assert constraint["kind"] == template["spec"]["crd"]["spec"]["names"]["kind"]
    assert constraint["spec"]["scopedEnforcementActions"][0]["action"] == "deny"
    _, trial, _ = run("constraints", FULL, "--gatekeeper", "--trial")
    _, constraint = yaml.safe_load_all(trial)
    assert constraint["spec"]["scopedEnforcementActions"][0]["action"] == "warn"


def test_what_cannot_be_an_image_is_refused(run):
    code, out, err = run("constraints", FULL, "--image", "a b")
    assert (code, out) == (1, "")
    assert err == "'a b' is not an image; write registry.example.org/sidecar:1\n"


def test_what_cannot_be_a_team_is_refused(run):
    code, out, err = run("manifests", FULL, "--team", "../x")
    assert (code, out) == (1, "")
    assert "cannot be a team" in err


def _without_description(schema: object, path: str = "") -> list[str]:
    if not isinstance(schema, dict):
        return []
    bare = [
        f"{path}.{key}"
        for key, value in schema.get("properties", {}).items()
        if "description" not in value
    ]
    below = [
        found
        for key, value in schema.items()
        for found in _without_description(value, f"{path}.{key}")
    ]
    return bare + below


def test_every_key_of_the_schema_is_described(run):
    schema = json.loads(run("schema")[1])
    assert schema["properties"].keys() >= {"environments", "sizes", "data", "quotas", "idle"}
    assert _without_description(schema) == []


def test_the_schema_closes_every_mapping_to_unknown_keys(run):
    schema = json.loads(run("schema")[1])
    mappings = [part for part in schema["$defs"].values() if part["type"] == "object"]
    assert all(part["additionalProperties"] is False for part in mappings)


@pytest.mark.parametrize("file", [DEFAULT, FULL])
def test_an_editor_with_the_schema_finds_no_fault_with_a_good_file(run, file):
    schema = json.loads(run("schema")[1])
    written = json.loads(json.dumps(yaml.safe_load(file.read_text()), default=str))
    jsonschema.validate(written, schema)


def test_an_editor_with_the_schema_finds_a_mistyped_key(run):
    schema = json.loads(run("schema")[1])
    written = yaml.safe_load(DEFAULT.read_text())
    written["sizes"]["cpu"]["memroy"] = "1Gi"
    with pytest.raises(jsonschema.ValidationError, match="memroy"):
        jsonschema.validate(written, schema)
