"""Images are replaced in the text of a catalogue, and nothing else."""

from pathlib import Path

import gpucommons_config
import pytest
from gpucommons_config.pinning.catalogue_text import with_images
from gpucommons_config.pinning.targets import targets
from gpucommons_contract.formats.yaml_files import parse_documents
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.file import CatalogueError
from gpucommons_spawner.catalogue.reference import pinned_beside_tag
from hypothesis import given
from hypothesis import strategies as st

FILE = Path("catalogue.yaml")
DIGEST = f"sha256:{'d' * 64}"
SIZES = "sizes: {cpu: {display_name: CPU, cpu: 1, memory: 1Gi}}\n"
DEFAULT = Path(gpucommons_config.__file__).with_name("catalogue.yaml").read_text()


def _pin(text: str, *only: str) -> str:
    (tree,) = parse_documents(text, FILE)
    chosen = targets(Catalogue.model_validate(tree.value), tree, only)
    return with_images(text, tree, {each: pinned_beside_tag(each.image, DIGEST) for each in chosen})


def _catalogue(versions: str) -> str:
    return f"environments:\n  lab:\n    display_name: Lab\n    versions:\n{versions}{SIZES}"


def test_the_default_catalogue_keeps_its_comments_order_and_quotes():
    pinned = _pin(DEFAULT)
    assert pinned.count(f"@{DIGEST}") == 4
    assert pinned.replace(f"@{DIGEST}", "") == DEFAULT


def test_others_stay_where_only_some_are_chosen():
    pinned = _pin(DEFAULT, "scipy:2026.05", "pytorch")
    changed = [line for line in pinned.splitlines() if DIGEST in line]
    assert [line.split('"')[3].partition("@")[0] for line in changed] == [
        "gpucommons/scipy:2026.05",
        "gpucommons/pytorch:2026.11",
    ]


_STYLES = ["{}", "'{}'", '"{}"', "&here {}", "!!str '{}'", '&a !!str "{}"']
_LAYOUTS = [
    "      {name}:\n        image: {image}{end}\n{after}",
    "      {name}: {{image: {image}, default: false}}{end}\n{after}",
    "      ? {name}\n      : default: false  # image\n        image:   {image}{end}\n{after}",
    "      {name}:\n        image:\n          {image}{end}\n{after}",
]
_COMMENTS = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=30)


@st.composite
def _texts(draw: st.DrawFn) -> str:
    versions = []
    for number in range(draw(st.integers(1, 4))):
        tag = draw(st.sampled_from([":1", "", f":1@sha256:{'e' * 64}"]))
        image = draw(st.sampled_from(_STYLES)).replace("&here", f"&x{number}")
        image = image.replace("&a", f"&y{number}").format(f"host.example:5000/lab/v{number}{tag}")
        versions.append(
            draw(st.sampled_from(_LAYOUTS)).format(
                name=draw(st.sampled_from([f"v{number}", f'"{number}"'])),
                image=image,
                end=draw(st.sampled_from(["", "  ", "  # host.example:5000/lab/v0:1"])),
                after=draw(st.sampled_from(["", "\n", f"      # {draw(_COMMENTS)}\n"])),
            )
        )
    text = f"# {draw(_COMMENTS)}\n{_catalogue(''.join(versions))}"
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@given(_texts())
def test_nothing_else_in_the_file_changes(text):
    (tree,) = parse_documents(text, FILE)
    chosen = targets(Catalogue.model_validate(tree.value), tree, [])
    images = {each: f"pinned.example/{number}:x" for number, each in enumerate(chosen)}
    new = with_images(text, tree, images)
    (read,) = parse_documents(new, FILE)
    versions = read.value["environments"]["lab"]["versions"]
    assert {each.version: image for each, image in images.items()} == {
        name: version["image"] for name, version in versions.items()
    }
    back = with_images(
        new,
        read,
        {
            each: next(old.image for old in chosen if old.version == each.version)
            for each in targets(Catalogue.model_validate(read.value), read, [])
        },
    )
    assert back == text
    assert len(new) - len(text) == sum(
        len(image) - len(each.image) for each, image in images.items()
    )


SHARED = _catalogue(
    "      a: &a {image: &image 'lab:1'}\n      b: {image: *image}\n      c: {<<: *a}\n"
)


def test_what_aliases_make_one_is_written_once():
    assert _pin(SHARED) == SHARED.replace("lab:1", f"lab:1@{DIGEST}")


def test_what_aliases_make_one_cannot_be_changed_for_some_alone():
    with pytest.raises(CatalogueError, match=r"catalogue.yaml:6: .*\.b\.image: is used elsewhere"):
        _pin(SHARED, "lab:b")


def test_an_alias_in_another_place_is_not_changed_silently():
    text = _catalogue("      a: {image: &image 'lab:1', disabled: *image}\n")
    with pytest.raises(CatalogueError, match="is used elsewhere"):
        _pin(text)


@pytest.mark.parametrize("written", [">-\n          lab:1", "&a # here\n          lab:1"])
def test_what_cannot_be_replaced_is_refused_with_what_to_write(written):
    text = _catalogue(f"      a:\n        image: {written}\n")
    with pytest.raises(CatalogueError, match="write the name in quotes"):
        _pin(text)


def test_names_that_no_registry_can_have_are_all_told():
    text = _catalogue("      a: {image: Lab}\n      b: {image: 'lab:'}\n      c: {image: lab}\n")
    with pytest.raises(CatalogueError) as error:
        _pin(text)
    assert [each.key.split(".")[3] for each in error.value.problems] == ["a", "b"]
