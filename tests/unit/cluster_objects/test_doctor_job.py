"""The doctor's CronJob: what it starts and mounts, and that GitOps tools can keep it."""

from pathlib import Path, PurePosixPath

import pytest
from gpucommons_config import command
from gpucommons_config.chart import VALUES
from gpucommons_doctor.command import CHECK_LIMIT_S
from reference_pages.project import ROOT

from .doctor_command import given
from .kustomize import ENVIRONMENTS, named, of_kind, overlay, part, pod_template


@pytest.fixture
def job():
    return named(part("doctor"), "CronJob", "doctor")["spec"]


@pytest.fixture
def pod(job):
    return job["jobTemplate"]["spec"]["template"]["spec"]


def _files(pod):
    """Files that the container finds, by the volume's kind and name, and key."""
    (container,) = pod["containers"]
    places = {each["name"]: PurePosixPath(each["mountPath"]) for each in container["volumeMounts"]}
    secret, config = (each.get("secret") or each["configMap"] for each in pod["volumes"])
    (item,) = secret["items"]
    return {
        (secret["secretName"], item["key"]): places["values"] / item["path"],
        (config["name"], "catalogue.yaml"): places["catalogue"] / "catalogue.yaml",
    }


def test_it_reads_the_catalogue_and_the_values_of_the_hub(pod):
    (container,) = pod["containers"]
    values, catalogue = _files(pod).items()
    arguments = given(container)
    assert (arguments.catalogue, arguments.values) == (Path(catalogue[1]), [Path(values[1])])
    assert values[0] == ("hub", VALUES.name)
    culler = pod_template(named(part("idle-culler"), "Deployment", "idle-culler"))["spec"]
    mounted = {
        each["configMap"]["name"]: {**each["configMap"], "optional": True}
        for each in culler["volumes"]
        if "configMap" in each
    }
    assert pod["volumes"][1]["configMap"] == mounted[catalogue[0][0]]


def test_the_image_starts_what_the_container_names(pod):
    """`args` is what the image's entry point gets: an init, so that a stop is heard."""
    assert "command" not in pod["containers"][0]
    assert 'ENTRYPOINT ["tini", "-g", "--"]' in (ROOT / "images/hub/Containerfile").read_text()


def test_a_file_that_is_not_there_yet_is_named_and_not_waited_for(pod, capsys):
    assert all((each.get("secret") or each["configMap"])["optional"] for each in pod["volumes"])
    (container,) = pod["containers"]
    assert command.main(container["args"][1:]) == 2
    assert "/etc/gpucommons/catalogue/catalogue.yaml: cannot be read" in capsys.readouterr().err


def test_one_run_has_ended_before_the_next_begins(job, pod):
    spec = job["jobTemplate"]["spec"]
    minute, *others = job["schedule"].split()
    assert minute.isdecimal()
    assert others == ["*"] * 4
    assert job["startingDeadlineSeconds"] + spec["activeDeadlineSeconds"] < 3600
    assert spec["activeDeadlineSeconds"] > (given(pod["containers"][0]).timeout or CHECK_LIMIT_S)
    assert job["concurrencyPolicy"] == "Forbid"
    assert (spec["backoffLimit"], spec["template"]["spec"]["restartPolicy"]) == (0, "Never")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_is_applied_that_cannot_be_applied_again(environment):
    """A Job never changes: with another image it would be refused."""
    assert of_kind(overlay(environment), "Job") == []


def test_the_guide_says_when_it_runs(job):
    text = (ROOT / "docs" / "how-to" / "check-a-cluster.md").read_text()
    minute = job["schedule"].split()[0]
    assert f"{minute} minutes past every hour" in text
