"""The versions of a catalogue whose images must be pinned."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gpucommons_contract.formats.yaml_files import Document
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.file import CatalogueError
from gpucommons_spawner.catalogue.problems import Problem, problem_at
from gpucommons_spawner.catalogue.reference import ImageReference

from gpucommons_config.pinning.errors import PinningError


@dataclass(frozen=True, slots=True)
class Target:
    """One version, as the file has it. image is the name as it is written there."""

    environment: str
    version: str
    image: str
    reference: ImageReference

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the way to the image in the file."""
        return image_keys(self.environment, self.version)


def image_keys(environment: str, version: str) -> tuple[str, ...]:
    """Return the keys that lead to the image of a version."""
    return ("environments", environment, "versions", version, "image")


def targets(catalogue: Catalogue, tree: Document, only: Iterable[str]) -> list[Target]:
    """List the versions to look up; only has ``ENVIRONMENT`` or ``ENVIRONMENT:VERSION``.

    Raises PinningError for what the catalogue does not have, and CatalogueError for names of
    images that no registry can have.
    """
    chosen = _chosen(catalogue, only)
    found: list[Target] = []
    problems: list[Problem] = []
    for environment, version in _versions(catalogue):
        if chosen and not {(environment, ""), (environment, version)} & chosen:
            continue
        image = catalogue.environments[environment].versions[version].image
        try:
            reference = ImageReference.parse(image)
        except ValueError as error:
            problems.append(problem_at(tree, image_keys(environment, version), str(error)))
        else:
            found.append(Target(environment, version, image, reference))
    if problems:
        raise CatalogueError(tree.file, problems)
    return found


def _versions(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for name, environment in catalogue.environments.items():
        yield from ((name, version) for version in environment.versions)


def _chosen(catalogue: Catalogue, only: Iterable[str]) -> set[tuple[str, str]]:
    chosen = set()
    for each in only:
        name, colon, version = each.partition(":")
        environment = catalogue.environments.get(name)
        if environment is None:
            known = ", ".join(catalogue.environments)
            raise PinningError(f"there is no environment {name!r}; environments are {known}")
        if colon and version not in environment.versions:
            known = ", ".join(environment.versions)
            raise PinningError(f"{name} has no version {version!r}; its versions are {known}")
        chosen.add((name, version))
    return chosen
