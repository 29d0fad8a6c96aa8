"""Names of images in full: what runtimes make of them."""

import pytest
from gpucommons_spawner.catalogue.image import has_digest, is_image
from gpucommons_spawner.catalogue.reference import ImageReference, pinned_beside_tag
from hypothesis import given
from hypothesis import strategies as st

DIGEST = f"sha256:{'a' * 64}"
_PART = st.from_regex(r"[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,6}){0,2}", fullmatch=True)
_REPOSITORY = st.lists(_PART, min_size=1, max_size=4).map("/".join)
_HOST = st.sampled_from(
    ["registry.example.org", "localhost", "localhost:5000", "10.1.2.3:8443", "Host/".rstrip("/")]
)
_TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True)


@pytest.mark.parametrize(
    ("image", "registry", "repository"),
    [
        ("debian", "docker.io", "library/debian"),
        ("debian:12", "docker.io", "library/debian"),
        ("docker.io/debian", "docker.io", "library/debian"),
        ("index.docker.io/debian", "docker.io", "library/debian"),
        ("gpucommons/scipy:1", "docker.io", "gpucommons/scipy"),
        ("localhost/scipy", "localhost", "scipy"),
        ("localhost:5000/lab/scipy:1", "localhost:5000", "lab/scipy"),
        ("registry.example.org/scipy", "registry.example.org", "scipy"),
        ("Registry/scipy", "Registry", "scipy"),
        ("team/registry.example.org/scipy", "docker.io", "team/registry.example.org/scipy"),
    ],
)
def test_short_names_are_of_docker_io_and_hosts_are_told_by_dot_colon_or_localhost(
    image, registry, repository
):
    found = ImageReference.parse(image)
    assert (found.registry, found.repository) == (registry, repository)


@given(_HOST, _REPOSITORY, _TAG, st.booleans())
def test_a_name_is_made_of_its_parts(host, repository, tag, pinned):
    image = f"{host}/{repository}:{tag}" + (f"@{DIGEST}" if pinned else "")
    assert ImageReference.parse(image) == ImageReference(
        host, repository, tag, DIGEST if pinned else ""
    )


@given(_HOST, _REPOSITORY, st.none() | _TAG, st.booleans())
def test_a_name_that_is_pinned_keeps_its_tag(host, repository, tag, before):
    image = f"{host}/{repository}" + (f":{tag}" if tag else "")
    pinned = pinned_beside_tag(image + (f"@sha256:{'b' * 64}" if before else ""), DIGEST)
    assert is_image(pinned)
    assert has_digest(pinned)
    assert pinned.startswith(f"{image}@" if tag else f"{image}:latest@")
    assert ImageReference.parse(pinned) == ImageReference(host, repository, tag or "latest", DIGEST)


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ("lab:2@sha256:abc", "64 hexadecimal digits"),
        (f"lab@sha512:{'a' * 64}", "64 hexadecimal digits"),
        ("lab@", "64 hexadecimal digits"),
        ("lab:", "has the tag ''"),
        ("lab:.1", "has the tag '.1'"),
        (f"lab:{'1' * 129}", "1 to 128"),
        ("host.example/Lab:1", "has the repository 'Lab'"),
        ("host.example/a//b", "has the repository"),
        ("host.example/a/", "has the repository"),
        (f"host.example/{'a' * 250}", "255 characters"),
        ("-host.example/a", "has the registry"),
        ("host.example:/a", "has the registry"),
        ("host.example:80:80/a", "has the registry"),
    ],
)
def test_a_name_that_no_registry_can_have_is_refused_with_what_is_allowed(image, says):
    with pytest.raises(ValueError, match=says):
        ImageReference.parse(image)


@given(st.text("aA0.:/@-_", max_size=40))
def test_any_text_is_a_name_or_is_refused(text):
    try:
        found = ImageReference.parse(text)
    except ValueError:
        return
    assert found.registry
    assert found.repository
