"""What a session says of settings of its person's that it does without."""

from collections.abc import Callable, MutableMapping, Sequence

from gpucommons_contract import Notice, NoticeLevel
from gpucommons_contract.words import phrase, sentences

from gpucommons_lab.start.session import end_of_start
from gpucommons_lab.start.trouble import Trouble

_MOST = 5
"""Notices. Who mends these finds the others at the next start."""


def put_start_notices(
    put: Callable[[Notice], object], environment: MutableMapping[str, str]
) -> None:
    """Put the notices of this start somewhere, once the server is up; see `end_of_start`."""
    for notice in start_notices(end_of_start(environment)):
        put(notice)


def start_notices(found: Sequence[Trouble]) -> list[Notice]:
    """Return one notice for each thing that is wrong, of five at most."""
    return [
        Notice(f"settings-{number}", _text(each), NoticeLevel.WARNING)
        for number, each in enumerate(found[:_MOST], start=1)
    ]


def _text(trouble: Trouble) -> str:
    where, what = trouble.where, trouble.what
    if trouble.set_aside:
        return sentences(
            phrase(
                "Jupyter does not start with your settings in %(where)s (%(what)s).",
                where=where,
                what=what,
            ),
            phrase(
                "This session uses none of the settings in %(folder)s, except JupyterLab's own. "
                "Your files were not changed; once they are mended, the next session uses them.",
                folder=trouble.set_aside,
            ),
        )
    if trouble.extension:
        return phrase(
            "The server extension %(name)s, which %(where)s turns on, cannot be loaded (%(what)s). "
            "This session runs without it. Install it again, or turn it off there.",
            name=trouble.extension,
            where=where,
            what=what,
        )
    return phrase(
        "Your settings in %(where)s cannot be loaded (%(what)s). This session runs without them. "
        "Your file was not changed; once it is mended, the next session uses it.",
        where=where,
        what=what,
    )
