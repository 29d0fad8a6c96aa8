"""What the welcome notebook says of this session: a notebook has ``{{name}}`` in its place."""

from pathlib import Path

from gpucommons_contract import SessionInfo
from gpucommons_contract.formats.wording import span
from gpucommons_contract.words import in_language, phrase, sentences


def session_facts(
    session: SessionInfo, lab_name: str, documentation: str, home: Path, language: str
) -> dict[str, str]:
    """Return the text for each name. Whole sentences, where an installation may have none."""
    more = phrase("The [documentation](%(address)s) has more.", address=documentation)
    return {
        "lab_name": lab_name,
        "session": f"{session.environment} {session.version} · {session.size}",
        "team": session.team,
        "home": str(home),
        "idle": in_language(_idle(session), language),
        "documentation": in_language(more, language) if documentation else "",
    }


def _idle(session: SessionInfo) -> str:
    warn, stop = session.idle_warn_after, session.idle_stop_after
    said = []
    if stop is not None:
        said.append(
            phrase("A session that nobody uses is stopped after **%(time)s**.", time=span(stop))
        )
        if warn is not None:
            said.append(
                phrase(
                    "You are warned after %(time)s, and can keep it with one press. Cells that "
                    "run, a busy GPU and programs in a terminal count as use; an open page does "
                    "not.",
                    time=span(warn),
                )
            )
    elif warn is not None:
        said.append(
            phrase(
                "You are reminded of a session that you have not used for %(time)s.",
                time=span(warn),
            )
        )
    else:
        said.append(phrase("No session is stopped here because nobody uses it."))
    if session.longest is not None:
        said.append(
            phrase(
                "A session ends **%(time)s** after its start in any case.",
                time=span(session.longest),
            )
        )
    return sentences(*said)
