"""What stands in records for the name of somebody who is forgotten. Pure but for chance."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

_BEGIN = "Former-"
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are read as another one."""
_LENGTH = 10
"""49 bits: two are never the same."""
_BEFORE, _AFTER = r"(?<![\w@+-])(?<!\w\.)", r"(?![\w@+-]|\.\w)"
"""What a name does not stand beside, being a part of another word, name or address."""


def new_pseudonym() -> str:
    """Return one that follows from nothing. It has capitals, which no user name has."""
    return _BEGIN + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def is_pseudonym(name: str) -> bool:
    """Whether a name stands for somebody who is forgotten."""
    return name.startswith(_BEGIN)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A name, and the pseudonym in its place."""

    name: str
    pseudonym: str

    def text(self, text: str) -> str:
        """Return a sentence with the pseudonym wherever it has the name as a word of its own."""
        if not self.name:
            return text
        named = _BEFORE + re.escape(self.name) + _AFTER
        return re.sub(named, lambda _: self.pseudonym, text, flags=re.IGNORECASE)

    def described(self, payload: Mapping[str, str]) -> dict[str, str]:
        """Return what a fact says of their session without what tells who they are.

        The server's name goes, too: they chose it.
        """
        kept = {name: word for name, word in payload.items() if name != "person_since"}
        return kept | {"person": self.pseudonym} | ({"server": ""} if "server" in kept else {})

    def reason(self, payload: Mapping[str, str], *, theirs: bool) -> dict[str, str]:
        """Return why a session ended. theirs: whether ``by`` is them, and nobody of their name."""
        said = dict(payload)
        if "sentence" in said:
            said["sentence"] = self.text(said["sentence"])
        return said | ({"by": self.pseudonym} if theirs else {})
