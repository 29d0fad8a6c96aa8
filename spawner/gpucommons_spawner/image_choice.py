"""Which image a session runs: a version of the environment's, or one that the person names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from gpucommons_spawner.catalogue import CUSTOM, Environment, allows, has_digest
from gpucommons_spawner.past_run import PastRun
from gpucommons_spawner.selection_error import SelectionError, listed, short, shown


@dataclass(frozen=True, slots=True)
class ImageChoice:
    """An image that the catalogue allows."""

    version: str
    """``custom`` for an image that the person named."""
    reference: str
    """The image as the catalogue, or the person, names it."""
    digest: str = ""
    """What its tag stood for when it ran last, where that is to be started again."""

    @property
    def title(self) -> str:
        """What it is called beside the environment's name."""
        return short(self.reference) if self.version == CUSTOM else self.version


def choose_image(
    name: str,
    environment: Environment,
    asked: Mapping[str, str],
    today: date,
    past_runs: Iterable[PastRun],
    *,
    pinned_only: bool,
) -> ImageChoice:
    """Choose the image by the options version, image and digest. ``name`` is the environment's.

    pinned_only demands a digest in the name of an image that the person named.
    Raises SelectionError for one that is not to be had.
    """
    if "image" in asked:
        if "version" in asked:
            raise SelectionError("Give a version or an image, not both.", "image")
        version, image = CUSTOM, _own_image(name, environment, asked["image"], today)
    else:
        version, image = _version(name, environment, asked.get("version"), today)
    digest = asked.get("digest", "")
    if digest and not any(run.image == image and run.digest == digest for run in past_runs):
        raise SelectionError(
            f"The digest {shown(digest)} is not one that a session of yours ran of {image}. "
            "Leave it out to start the image as it is now.",
            "digest",
            HTTPStatus.FORBIDDEN,
        )
    if version == CUSTOM and pinned_only and not has_digest(image):
        raise SelectionError(
            f"The image {shown(image)} is not pinned. Write it with its digest, "
            "as name@sha256:…; a tag can be moved to something else.",
            "image",
        )
    return ImageChoice(version, image, digest)


def _own_image(name: str, environment: Environment, image: str, today: date) -> str:
    if environment.custom_image is None or not allows(environment.custom_image, image):
        raise SelectionError(
            f"The environment {name} does not take the image {shown(image)}. "
            f"{_taken(environment)}Its versions are {listed(environment.usable(today))}.",
            "image",
            HTTPStatus.FORBIDDEN,
        )
    return image


def _version(
    name: str, environment: Environment, wanted: str | None, today: date
) -> tuple[str, str]:
    """Answer the version, and its image."""
    choices = environment.usable(today)
    version = wanted or environment.default_version(today)
    if version not in environment.versions:
        raise SelectionError(
            f"The environment {name} has no version {shown(version)}. "
            f"Choose one of {listed(choices)}.",
            "version",
        )
    chosen = environment.versions[version]
    if chosen.disabled:
        raise SelectionError(
            f"Version {version} of {name} is off: {chosen.disabled} "
            f"Choose one of {listed(choices)}.",
            "version",
        )
    if refusal := chosen.refusal(today):
        raise SelectionError(
            f"Version {version} of {name} cannot be started any more. {refusal} "
            f"Choose one of {listed(choices)}.",
            "version",
        )
    return version, chosen.image


def _taken(environment: Environment) -> str:
    if environment.custom_image is None:
        return "It takes none but its own. "
    return f"It takes images whose whole name matches {environment.custom_image} . "
