import re
import tomllib

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.images import BASE, ENVIRONMENTS, IMAGES, Image, find
from gpucommons_local.images.image import Files
from gpucommons_local.machine.cache import checkout

BUILT = (
    "dist/*.whl",
    "vscode_extension/package.json",
    "vscode_extension/package.nls*.json",
    "vscode_extension/l10n/*.json",
    "vscode_extension/out",
)
"""What a wheel and the VS Code extension put into a context."""
FROM_CONTAINERFILES = [image for image in IMAGES if image.containerfile.startswith("images/")]


def test_a_name_without_version_means_the_newest() -> None:
    assert find("scipy").title == "scipy:2026.11"


def test_an_older_version_is_found_by_its_title() -> None:
    expected = {"ENVIRONMENT": "scipy", "VERSION": "2026.05"}
    assert find("scipy:2026.05").arguments == expected


def test_an_unknown_image_is_answered_with_those_there_are() -> None:
    with pytest.raises(PlatformError, match=r"no image scipi\. There are: .*scipy:2026\.11"):
        find("scipi")


def test_titles_are_unique() -> None:
    assert len({image.title for image in IMAGES}) == len(IMAGES)


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.title)
def test_everything_that_an_image_is_made_from_exists(image: Image) -> None:
    assert re.fullmatch(r"gpucommons\.local/[a-z-]+:[a-z0-9.]+-[0-9a-f]{12}", image.reference())


@pytest.mark.parametrize("image", FROM_CONTAINERFILES, ids=lambda image: image.title)
def test_every_file_that_a_containerfile_copies_is_in_its_context(image: Image) -> None:
    text = (checkout() / image.containerfile).read_text()
    for name, value in image.arguments.items():
        text = text.replace(f"${{{name}}}", value)
    copied = re.findall(r"^COPY (?:--chown=\S+ )?(?!--)(.+) \S+$", text, re.MULTILINE)
    held = [name for each in image.context if isinstance(each, Files) for name in each.names]
    for name in " ".join(copied).split():
        assert name in BUILT or name.startswith(tuple(held)), name


@pytest.mark.parametrize("image", FROM_CONTAINERFILES, ids=lambda image: image.title)
def test_every_containerfile_lets_the_builder_choose_its_base(image: Image) -> None:
    lines = (checkout() / image.containerfile).read_text().splitlines()
    instructions = [line for line in lines if line and not line.startswith("#")]
    assert instructions[0].startswith("ARG BASE=")
    assert instructions[1].startswith("FROM ${BASE}")


@pytest.mark.parametrize("image", ENVIRONMENTS, ids=lambda image: image.title)
def test_an_environment_leaves_the_versions_of_its_base_alone(image: Image) -> None:
    folder = checkout() / "images"
    base = _pins((folder / "base/requirements.txt").read_text())
    version = image.arguments["VERSION"]
    own = _pins((folder / image.name / f"requirements-{version}.txt").read_text())
    assert {name: own[name] for name in base.keys() & own.keys()} == {
        name: base[name] for name in base.keys() & own.keys()
    }
    assert image.parent is BASE


@pytest.mark.parametrize(
    "path", sorted((checkout() / "images").rglob("requirements*.txt")), ids=str
)
def test_requirements_are_pinned_name_no_host_and_leave_out_the_slow_import(path) -> None:
    text = path.read_text()
    assert "://" not in text
    assert all("==" in line for line in text.splitlines())
    assert "rfc3987-syntax" not in _pins(text)


def test_the_hub_s_image_runs_the_account_commands_and_z2jh_s_own_configuration() -> None:
    project = tomllib.loads((checkout() / "pyproject.toml").read_text())["project"]
    people = [re.split("[>=<]", each)[0] for each in project["optional-dependencies"]["people"]]
    pins = _pins((checkout() / "images/hub/requirements.txt").read_text())
    assert {each.replace(".", "-") for each in people} | {"pycurl"} <= pins.keys()


def _pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))
