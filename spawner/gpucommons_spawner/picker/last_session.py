"""The last session, offered again: the same choice, and the same image. Pure."""

from dataclasses import replace
from datetime import date

from gpucommons_contract.words import phrase, sentences

from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.picker.offer import Options, Resume
from gpucommons_spawner.selection.errors import SelectionError
from gpucommons_spawner.selection.past_run import PastRun, pinned
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.resolve import resolve
from gpucommons_spawner.selection.selection import PROFILE, Selection
from gpucommons_spawner.selection.still_opens import still_opens

_KEPT = ("team", "environment", "size", "opens")
"""What an image has nothing to do with."""
_DIGEST_SHOWN = len("sha256:") + 12


def resume(run: PastRun, person: Person, catalogue: Catalogue, today: date) -> Resume:
    """Say how a session could be started again. What it offers passes ``resolve``."""
    options = still_opens(run.options, catalogue)
    plain = {key: value for key, value in options.items() if key not in ("digest", PROFILE)}
    offer = Resume(
        title=run.options.get(PROFILE, ""),
        team=plain.get("team", ""),
        size=plain.get("size", ""),
        image=_known(run),
    )
    try:
        found = resolve(plain, person, catalogue, today, [run])
    except SelectionError as error:
        return replace(offer, reason=str(error))
    if found.reference == run.image:
        digest = {"digest": run.digest} if run.digest else {}
        return replace(offer, same={**plain, **digest})
    if run.ran(found.reference):  # only its name is another: it has been pinned since
        return replace(offer, same=plain)
    old = _old_image(run, found, person, catalogue, today)
    named = f"{catalogue.environments[found.environment].display_name} {found.version}"
    changed = sentences(
        phrase("%(version)s is another image now.", version=named),
        "" if old else phrase("The previous image is no longer offered."),
    )
    return replace(offer, changed=changed, same=old, now=plain)


def _old_image(
    run: PastRun, found: Selection, person: Person, catalogue: Catalogue, today: date
) -> Options | None:
    """Find a way to the image of last time that the catalogue allows: a version, or one's own."""
    image = pinned(run.image, run.digest) if run.digest else run.image
    options = still_opens(run.options, catalogue)
    base = {key: options[key] for key in _KEPT if key in options}
    ways: list[Options] = [{**base, "image": image}]
    for name, version in catalogue.environments[found.environment].versions.items():
        if version.image == image or run.ran(version.image):
            ways.append({**base, "version": name})
        elif version.image == run.image:
            ways.append({**base, "version": name, "digest": run.digest})
    for way in reversed(ways):  # a version first: it can be named to others
        try:
            resolve(way, person, catalogue, today, [run])
        except SelectionError:
            continue
        return way
    return None


def _known(run: PastRun) -> str:
    name = run.image.partition("@")[0].rpartition("/")[2]
    digest = run.digest or run.image.partition("@")[2]
    return (
        phrase("The same image: %(name)s, %(digest)s", name=name, digest=digest[:_DIGEST_SHOWN])
        if digest
        else ""
    )
