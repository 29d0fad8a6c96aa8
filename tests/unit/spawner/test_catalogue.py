"""What a catalogue may say, and what its author is told about a mistake."""

from datetime import date, time
from decimal import Decimal
from pathlib import Path

import gpucommons_config
import pytest
from gpucommons_spawner.catalogue import Allowance, Quotas
from gpucommons_spawner.catalogue.file import CatalogueError, checked_catalogue, load_catalogue
from gpucommons_spawner.catalogue.gpu_modes import MIG, MPS

from .conftest import CATALOGUE, TODAY


def _complaint(tmp_path, old: str, new: str) -> str:
    assert old in CATALOGUE
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE.replace(old, new, 1))
    with pytest.raises(CatalogueError) as raised:
        load_catalogue(file)
    return str(raised.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "cpu: 500m, memory: 1Gi",
            "cpu: 500m, memroy: 1Gi",
            "catalogue.yaml:20: sizes.cpu.memroy: unknown key; did you mean memory?",
        ),
        (
            "    memory: 8Gi\n",
            "",
            "catalogue.yaml:28: sizes.gpu.memory: is missing; add it",
        ),
        (
            "mode: exclusive, count: 2",
            "mode: exclusiv, count: 2",
            "catalogue.yaml:38: sizes.gpus.gpu: has an unknown mode; write exclusive, mps, "
            "timeslice, mig, hami or dra",
        ),
        (
            "shares: 4, thread",
            "shares: 1, thread",
            "catalogue.yaml:27: sizes.share.gpu.shares: must be greater than or equal to 2",
        ),
        (
            "cpu: 500m",
            "cpu: lots",
            "catalogue.yaml:20: sizes.cpu.cpu: 'lots' is not an amount; "
            "write one such as 2, 500m, 8Gi or 1.5G",
        ),
        (
            '"2.9": {image',
            "2.9: {image",
            "catalogue.yaml:12: environments.pytorch.versions.2.9: "
            "this key is not text; put it in quotes",
        ),
        (
            "  tensorflow:\n",
            "  Tensor Flow:\n",
            "catalogue.yaml:14: environments.Tensor Flow: this name may contain only letters, "
            "digits, dots and hyphens, and begins with a lowercase letter or digit",
        ),
        (
            "size: cpu}",
            "size: cpus}",
            "catalogue.yaml:1: defaults.size: cpus is not one of cpu, share, gpu, gpus; "
            "write one of them",
        ),
        (
            "cpu_request: 0.25",
            "cpu_request: 3",
            "catalogue.yaml:24: sizes.share.cpu_request: is more than cpu; lower it",
        ),
        (
            '"example/scipy:2026.05"',
            '"example/scipy:2026.05", retires: 31.1.2027',
            "catalogue.yaml:7: environments.scipy.versions.2026.05.retires: "
            "must be a day such as 2027-01-31",
        ),
        (
            '"example/scipy:2026.05"',
            '"example/scipy: 2026.05"',
            "catalogue.yaml:7: environments.scipy.versions.2026.05.image: "
            "must be the name of an image, such as registry.example.org/scipy:1",
        ),
        (
            '"2.9": {image',
            "custom: {image",
            "catalogue.yaml:12: environments.pytorch.versions.custom: "
            "this name is for images that people bring; choose another",
        ),
        (
            "    access: [researchers]\n  tensorflow",
            "    custom_image: '(a'\n  tensorflow",
            "catalogue.yaml:13: environments.pytorch.custom_image: "
            "is not a regular expression that can be used: unclosed group",
        ),
        (
            "    access: [researchers]\n  tensorflow",
            "    custom_image: 'a)|(b'\n  tensorflow",
            "catalogue.yaml:13: environments.pytorch.custom_image: "
            "is not a regular expression that can be used: unopened group",
        ),
        (
            "    access: [researchers]\n  tensorflow",
            "    opens: [lab, rstudio]\n  tensorflow",
            "catalogue.yaml:13: environments.pytorch.opens.1: "
            "must be 'lab', 'notebook' or 'vscode'",
        ),
        (
            "    access: [researchers]\n  tensorflow",
            "    opens: [lab, lab]\n  tensorflow",
            "catalogue.yaml:13: environments.pytorch.opens: names lab twice; leave one out",
        ),
        (
            "    access: [researchers]\n  tensorflow",
            "    opens: []\n  tensorflow",
            "catalogue.yaml:13: environments.pytorch.opens: must not be empty",
        ),
        (
            "    node_selector: {pool: training}",
            "    tolerations: [{key: a, operator: Exists, value: b}]",
            "catalogue.yaml:33: sizes.gpu.tolerations.0.value: "
            "goes with operator: Equal only; leave it out",
        ),
        (
            "default: {sessions: 2, gpus: 1}",
            "default: {sizes: {gpuu: 1}}",
            "catalogue.yaml:41: quotas.default.sizes.gpuu: "
            "there is no such size; sizes are cpu, share, gpu, gpus",
        ),
        (
            "quotas:",
            "idle: {default: {warn_after: 2h, stop_after: 90m}}\nquotas:",
            "catalogue.yaml:40: idle.default.warn_after: "
            "stop_after comes before warn_after; give it more time",
        ),
        (
            "quotas:",
            "idle: {default: {warn_after: 1 hour}}\nquotas:",
            "catalogue.yaml:40: idle.default.warn_after: "
            "must be a duration such as 90s, 30m, 12h or 7d",
        ),
        (
            "cpu: 500m, memory: 1Gi}",
            "cpu: 500m, memory: 1Gi, max_duration: 9000d}",
            "catalogue.yaml:20: sizes.cpu.max_duration: must be 1m at least and 365d at most",
        ),
        (
            "cpu: 500m, memory: 1Gi}",
            "cpu: 500m, memory: 1Gi, longest: 8h}",
            "catalogue.yaml:20: sizes.cpu.longest: this key was renamed; write max_duration",
        ),
        (
            "quotas:",
            "idle: {default: {ending: stop}}\nquotas:",
            "catalogue.yaml:40: idle.default.ending: this key was renamed; write action",
        ),
        (
            "quotas:",
            "data: {x: {display_name: X, host_path: /a/../etc}}\nquotas:",
            "catalogue.yaml:40: data.x.host_path: must not have .. in it",
        ),
        (
            "quotas:",
            "data: {x: {display_name: X}}\nquotas:",
            "catalogue.yaml:40: data.x: needs one of claim, nfs and host_path",
        ),
        (
            "mode: exclusive, count: 2",
            "mode: mig, profile: 1g.10gb, strategy: single",
            "catalogue.yaml:38: sizes.gpus.gpu.product: must be the node label of such "
            "partitions, such as NVIDIA-H200-MIG-1g.10gb: "
            "with strategy: single they look like whole GPUs",
        ),
        (
            "mode: exclusive, count: 2",
            "mode: hami, memory: 1.5K, shares: 2",
            "catalogue.yaml:38: sizes.gpus.gpu.memory: must be whole MiB, such as 8Gi or 500Mi",
        ),
        (
            "environments:",
            "environments: {",
            "catalogue.yaml:4: not valid YAML: expected ',' or '}', but got ':'",
        ),
        (
            "  gpu:\n    display_name: Whole GPU",
            "  cpu:\n    display_name: Whole GPU",
            'catalogue.yaml:28: not valid YAML: found duplicate key "cpu", '
            "which is in line 20, column 3 already",
        ),
        (
            "cpu: 500m, memory: 1Gi",
            "cpu: 500m, memory: 512m",
            "catalogue.yaml:20: sizes.cpu.memory: 512m is less than a byte; did you mean 512Mi?",
        ),
        (
            "    memory: 8Gi\n",
            "    memory: 8\n",
            "catalogue.yaml:31: sizes.gpu.memory: 8 is 8 bytes; did you mean 8Gi?",
        ),
        (
            "cpu: 500m",
            "cpu: 2Gi",
            "catalogue.yaml:20: sizes.cpu.cpu: 2Gi is more CPUs than there can be, 1,024; "
            "did you mean 2?",
        ),
        (
            "memory_request: 512Mi",
            "memory_request: 512m",
            "catalogue.yaml:26: sizes.share.memory_request: 512m is less than a byte; "
            "did you mean 512Mi?",
        ),
        (
            "disabled: Back on Monday.",
            'disabled: "false"',
            "catalogue.yaml:18: environments.tensorflow.disabled: takes the reason that people "
            'read, such as "Back on Monday."; leave it out, or write false, if this is not off',
        ),
        (
            "disabled: Back on Monday.",
            "disabled: true",
            "catalogue.yaml:18: environments.tensorflow.disabled: takes the reason that people "
            'read, such as "Back on Monday."; leave it out, or write false, if this is not off',
        ),
        (
            "disabled: Back on Monday.",
            "disabled: off",
            "catalogue.yaml:18: off can be read in two ways; "
            'write false, or "off" in quotes where text is meant',
        ),
        (
            "sessions: 2, gpus: 1",
            "sessions: 010, gpus: 1",
            "catalogue.yaml:41: 010 can be read in two ways; "
            'write 10 or 8, or "010" in quotes where text is meant',
        ),
        (
            "sessions: 2, gpus: 1",
            "sessions: 1:30, gpus: 1",
            "catalogue.yaml:41: quotas.default.sessions: must be a whole number",
        ),
        (
            "sessions: 2, gpus: 1",
            "sessions: true, gpus: 1",
            "catalogue.yaml:41: quotas.default.sessions: must be a whole number",
        ),
        (
            "memory: 4G,",
            "memory: 4Gi,",
            "catalogue.yaml:27: sizes.share.gpu.memory: must be whole M or G as MPS writes them, "
            "such as 4G or 512M; no Gi",
        ),
        (
            "product: NVIDIA-H200",
            "product: NVIDIA H200",
            "catalogue.yaml:27: sizes.share.gpu.product: must be the value of the node label "
            "nvidia.com/gpu.product, which has no spaces, such as NVIDIA-H200",
        ),
        (
            "quotas:",
            "data: {x: {display_name: X, nfs: {server: nfs, path: /export/my data}}}\nquotas:",
            "catalogue.yaml:40: data.x.nfs.path: must be a path from the root, such as "
            "/export/data: letters, digits, dots, hyphens and underscores, no spaces",
        ),
        (
            "mode: exclusive, count: 2",
            "mode: mig, profile: 1g10gb",
            "catalogue.yaml:38: sizes.gpus.gpu.profile: must be a profile as nvidia-smi writes "
            "it: 1g.10gb",
        ),
        (
            "mode: exclusive, count: 2",
            "mode: dra, template: Whole GPU",
            "catalogue.yaml:38: sizes.gpus.gpu.template: must be a Kubernetes name: a to z, "
            "digits, dots and hyphens, such as whole-gpu",
        ),
        (
            "access: [researchers]",
            "access:",
            "catalogue.yaml:13: environments.pytorch.access: is empty; name who may, or leave "
            "the key out for everybody",
        ),
        (
            "access: [researchers]",
            "access: researchers",
            "catalogue.yaml:13: environments.pytorch.access: must be a list; write it in "
            "brackets: [one, another]",
        ),
        (
            "node_selector: {pool: training}",
            "node_selector: {gpu: true}",
            "catalogue.yaml:33: sizes.gpu.node_selector.gpu: must be the value of a label or "
            "taint: text of letters, digits, dots, hyphens and underscores, no spaces; numbers, "
            "true and false in quotes",
        ),
        (
            "node_selector: {pool: training}",
            "node_selector: {my pool: training}",
            "catalogue.yaml:33: sizes.gpu.node_selector.my pool: this name must be the key of a "
            "label or taint, such as pool or example.org/pool",
        ),
        (
            "node_selector: {pool: training}",
            "tolerations: [{key: pool, value: a b}]",
            "catalogue.yaml:33: sizes.gpu.tolerations.0.value: must be the value of a label or "
            "taint: text of letters, digits, dots, hyphens and underscores, no spaces; numbers, "
            "true and false in quotes",
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(tmp_path, old, new, complaint):
    assert _complaint(tmp_path, old, new).splitlines()[0] == complaint


def test_every_mistake_is_named_at_once(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE.replace("500m", "lots").replace("shares: 4", "shares: 1"))
    with pytest.raises(CatalogueError) as raised:
        load_catalogue(file)
    assert len(str(raised.value).splitlines()) == 2


@pytest.mark.parametrize("text", ["", "- a list", "just words"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    file = tmp_path / "catalogue.yaml"
    file.write_text(text)
    with pytest.raises(CatalogueError, match="must be a mapping with environments and sizes"):
        load_catalogue(file)


def test_a_missing_file_names_the_setting(tmp_path):
    with pytest.raises(CatalogueError, match=r"No such file.*GPUSpawner\.catalogue_file"):
        load_catalogue(tmp_path / "none.yaml")


def test_the_default_catalogue_is_valid():
    load_catalogue(Path(gpucommons_config.__file__).with_name("catalogue.yaml"))


def test_every_image_without_a_digest_is_named_where_digests_are_required(tmp_path):
    told = _complaint(tmp_path, "defaults:", "require_digests: true\ndefaults:").splitlines()
    assert len(told) == 5
    assert told[0] == (
        "catalogue.yaml:7: environments.scipy.versions.2026.11.image: "
        "is not pinned by digest; write name@sha256:…, as gpucommons catalogue pin does"
    )


def test_keys_that_yaml_merges_in_are_checked_too(tmp_path):
    file = tmp_path / "catalogue.yaml"
    small = "  small: &small {display_name: Small, cpu: 1, memroy: 1Gi}\n"
    file.write_text(CATALOGUE.replace("sizes:\n", f"sizes:\n{small}  tiny: {{<<: *small}}\n"))
    with pytest.raises(CatalogueError, match=r"sizes\.tiny\.memroy: unknown key"):
        load_catalogue(file)


def test_what_a_person_may_have_is_their_own_line_before_that_of_groups(full):
    assert full.quotas.of(["researchers"], "ada").gpus == 4
    assert full.quotas.of(["researchers"], "bob").gpus == 2
    assert full.quotas.of([], "bob").sizes == {"dra": 1}
    assert full.quotas.of([], "ada").sizes == {"dra": 1}


def test_a_size_that_one_of_one_s_groups_does_not_limit_is_not_limited():
    quotas = Quotas(
        default=Allowance(sizes={"gpu": 1}),
        groups={"a": Allowance(sizes={"gpu": 3}), "b": Allowance(sizes={"gpu": None})},
    )
    assert quotas.of(["a", "others"]).sizes == {"gpu": 3}
    assert quotas.of(["a", "b"]).sizes == {"gpu": None}


def test_a_team_s_line_adds_to_that_of_each_team(full):
    vision, astro = full.quotas.of_team("vision"), full.quotas.of_team("astro")
    assert (vision.sessions, vision.gpus) == (20, 8)
    assert (astro.sessions, astro.gpus) == (20, None)


@pytest.mark.parametrize("shares", range(2, 49))
def test_as_many_shares_as_a_gpu_has_fit_into_a_gpu_and_one_more_does_not(shares):
    units = MPS(mode="mps", shares=shares).units
    for gpus in (1, 8):
        assert units * shares * gpus <= gpus
        assert units * (shares * gpus + 1) > gpus


@pytest.mark.parametrize(
    ("profile", "count", "units"),
    [("1g.10gb", 7, "1"), ("3g.40gb", 1, "0.428571"), ("7g.80gb", 1, "1")],
)
def test_a_partition_is_charged_by_its_slices(profile, count, units):
    assert MIG(mode="mig", profile=profile, count=count).units == Decimal(units)


def test_without_a_mark_the_first_version_that_is_on_is_the_default(catalogue):
    versions = dict(catalogue.environments["scipy"].versions)
    versions = {name: one.model_copy(update={"default": False}) for name, one in versions.items()}
    versions = {"2025.11": versions.pop("2025.11"), **versions}
    environment = catalogue.environments["scipy"].model_copy(update={"versions": versions})
    assert environment.default_version(TODAY) == "2026.11"


@pytest.mark.parametrize(
    ("groups", "sessions", "gpus"),
    [
        ((), 2, "1"),
        (("others",), 2, "1"),
        (("students",), 1, "0.25"),
        (("researchers",), 2, "4"),
        (("students", "researchers"), 2, "4"),
    ],
)
def test_the_most_generous_group_decides(catalogue, groups, sessions, gpus):
    allowance = catalogue.quotas.of(groups)
    assert (allowance.sessions, allowance.gpus) == (sessions, Decimal(gpus))


def test_no_limit_is_the_most_generous():
    quotas = Quotas(
        default=Allowance(gpus=Decimal(1)),
        groups={"a": Allowance(gpus=Decimal(8)), "b": Allowance(gpus=None)},
    )
    assert quotas.of(["a", "b"]).gpus is None


@pytest.mark.parametrize("disabled", ["false", "null", "~", ""])
def test_what_is_not_off_may_be_said_so(tmp_path, disabled):
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE.replace("disabled: Back on Monday.", f"disabled: {disabled}"))
    assert load_catalogue(file).environments["tensorflow"].disabled is None


def test_null_is_said_on_purpose_and_opens_an_offer(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE.replace("access: [researchers]", "access: null"))
    assert load_catalogue(file).environments["pytorch"].access is None


def test_hours_may_stand_without_quotes_and_days_are_days(tmp_path):
    file = tmp_path / "catalogue.yaml"
    hours = "{begin: 20:00, end: 08:00}"
    idle = f"idle: {{schedules: [{{name: nights, hours: {hours}, rule: {{stop_after: 2h}}}}]}}\n"
    retires = '"example/scipy:2026.05", retires: 2027-01-31'
    text = CATALOGUE.replace('"example/scipy:2026.05"', retires)
    file.write_text(text.replace("quotas:", f"{idle}quotas:"))
    catalogue = load_catalogue(file)
    assert catalogue.idle.schedules[0].hours.begin == time(20)
    assert catalogue.environments["scipy"].versions["2026.05"].retires == date(2027, 1, 31)


_OF_NOBODY = """\
data:
  x: {display_name: X, claim: x, teams: [vision, Vision]}
priorities: {teams: {"9lives": low}}
idle: {teams: {Vision: {warn_after: 1m}}}
quotas:
  users: {Ada@Example.org: {gpus: 4}, _bob: {gpus: 1}, eve@example.org: {gpus: 1}}
  teams: {computer vision: {gpus: 1}}
  groups: {Students: {gpus: 1}, "Staff & Co": {gpus: 1}, "": {gpus: 1}}
"""


def test_a_name_that_nobody_can_have_is_warned_of_wherever_it_stands(tmp_path):
    file = tmp_path / "catalogue.yaml"
    text = CATALOGUE.partition("quotas:")[0] + _OF_NOBODY
    file.write_text(text.replace("access: [researchers]", "access: [Researchers]", 1))
    warnings = checked_catalogue(file, TODAY).warnings
    assert {problem.key: problem.message.partition("; ")[2] for problem in warnings} == {
        "environments.pytorch.access.0": "did you mean researchers?",
        "data.x.teams.1": "did you mean vision?",
        "priorities.teams.9lives": "a team's name begins with a letter, and contains a to z, "
        "digits and hyphens",
        "idle.teams.Vision": "did you mean vision?",
        "quotas.users.Ada@Example.org": "did you mean ada@example.org?",
        "quotas.users._bob": "a user name is in lower case, such as ada@example.org",
        "quotas.teams.computer vision": "did you mean computer-vision?",
        "quotas.groups.Students": "did you mean students?",
        "quotas.groups.": "write its name",
    }
    assert all(problem.line and problem.warning for problem in warnings)
