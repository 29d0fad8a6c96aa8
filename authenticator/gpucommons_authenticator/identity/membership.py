"""Which groups of the hub somebody is in, and what became of the others. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gpucommons_authenticator.identity.account import groups_from, unusable_groups
from gpucommons_authenticator.identity.group_rules import GroupRule, mapped_groups
from gpucommons_authenticator.provider.id_token import Claims, connector_from

_IN_A_LINE = 20
"""Names that one line of the log holds."""
_ON_A_PAGE = 5
_SHOWN_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Membership:
    """What the sign-in service said of somebody's groups, and what this hub makes of it."""

    groups: frozenset[str]
    """Those of the hub."""
    came: frozenset[str]
    """Those that the sign-in service named and that can be groups."""
    withheld: frozenset[str]
    """Those that hand out rights, which a wildcard would have given."""
    unusable: int
    """How many more there were that can be no group here."""

    def shown(self) -> str:
        """Say to the person which groups came with them; nothing if none did."""
        named = name_list(self.came, most=_ON_A_PAGE)
        return f"Groups that came with you: {named}." if self.came else ""

    def described(self, wanted: Iterable[str] = ()) -> str:
        """Say in one line of a log which groups came, and what is odd about them.

        wanted are names that the hub's configuration knows: a difference in capitals is reported.
        """
        parts = [f"groups that came: {name_list(self.came)}"]
        if self.groups != self.came:
            parts.append(f"groups here: {name_list(self.groups)}")
        if self.unusable:
            parts.append(f"left out, because they cannot be group names: {self.unusable}")
        if self.withheld:
            parts.append(f"not given by an exact rule, and so withheld: {name_list(self.withheld)}")
        if alike := _alike(self.came, wanted):
            parts.append(f"capitals count: {alike}")
        return "; ".join(parts)


def membership_of(
    claims: Claims, claim: str, rules: Collection[GroupRule], reserved: Collection[str]
) -> Membership:
    """Judge the groups in verified claims. Raises UnusableClaimsError.

    Without rules, groups stay as they are. reserved: see `mapped_groups`.
    """
    came, unusable = groups_from(claims, claim), unusable_groups(claims, claim)
    if not rules:
        return Membership(came, came, frozenset(), unusable)
    connector = connector_from(claims)
    groups = mapped_groups(rules, came, connector, reserved)
    return Membership(groups, came, mapped_groups(rules, came, connector) - groups, unusable)


def name_list(names: Collection[str], most: int = _IN_A_LINE) -> str:
    """Write names for people and logs: quoted, in order, not without end."""
    shown = ", ".join(ascii(name[:_SHOWN_LENGTH]) for name in sorted(names)[:most])
    more = len(names) - most
    return (f"{shown} and {more} more" if more > 0 else shown) or "none"


def _alike(came: Iterable[str], wanted: Iterable[str]) -> str:
    known = {name.casefold(): name for name in wanted}
    pairs = ((name, known.get(name.casefold())) for name in sorted(came))
    return ", ".join(
        f"{name[:_SHOWN_LENGTH]!a} is not {other!a}"
        for name, other in pairs
        if other not in {None, name}
    )
