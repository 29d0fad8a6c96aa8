"""Which groups of the id_token become which groups of the hub. Pure."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeGuard

MAX_GROUP_LENGTH = 255
"""Characters; the width of JupyterHub's database column."""
_SELECTORS = ("exact", "prefix", "pattern")
_KEYS = ("connector", *_SELECTORS, "team")


@dataclass(frozen=True, slots=True)
class GroupRule:
    """Takes the groups that pattern matches as a whole; template makes the hub's group of one.

    connector is the Dex connector that the person has to come through; None: any.
    gives is the one group that an ``exact`` rule makes; None for rules whose result depends on
    what somebody called a group.
    """

    connector: str | None
    pattern: re.Pattern[str]
    template: str
    gives: str | None = None

    def applied_to(self, group: str, connector: str | None) -> str | None:
        """Return the hub's group for one of Dex's; None when the rule does not take it."""
        if self.connector is not None and self.connector != connector:
            return None
        match = self.pattern.fullmatch(group)
        name = match.expand(self.template) if match else None
        return name if is_group_name(name) else None


def is_group_name(name: object) -> TypeGuard[str]:
    """Say whether this can be a group: printable, not empty, not longer than the column."""
    return isinstance(name, str) and 0 < len(name) <= MAX_GROUP_LENGTH and name.isprintable()


def mapped_groups(
    rules: Iterable[GroupRule],
    groups: Iterable[str],
    connector: str | None,
    reserved: Collection[str] = (),
) -> frozenset[str]:
    """Return all that any rule makes of any group; what no rule takes is left out.

    connector is the one that the person signed in through, None if Dex did not say. reserved
    groups hand out rights: they come from ``exact`` rules alone, since whoever may name a group
    in a directory could otherwise choose one that matches a wildcard.
    """
    made = (
        (rule, name)
        for group in groups
        for rule in rules
        if (name := rule.applied_to(group, connector)) is not None
    )
    return frozenset(name for rule, name in made if rule.gives is not None or name not in reserved)


def never_given(rules: Iterable[GroupRule], reserved: Iterable[str]) -> frozenset[str]:
    """Return the reserved groups that no ``exact`` rule gives: nobody can be in them."""
    return frozenset(reserved) - {rule.gives for rule in rules}


def parse_rules(rules: Iterable[object]) -> tuple[GroupRule, ...]:
    """Check the rules as an operator writes them.

    Raises ValueError naming the rule by number, the key, and what is allowed.
    """
    return tuple(_parse(rule, f"group_rules, rule {n}") for n, rule in enumerate(rules, start=1))


def _parse(rule: object, where: str) -> GroupRule:
    if not isinstance(rule, dict):
        raise ValueError(  # noqa: TRY004 -- an operator's mistake as all others here
            f"{where} is {rule!r}; it must be a mapping with {_name_list(_KEYS)}"
        )
    for key, value in rule.items():
        if key not in _KEYS:
            raise ValueError(f"{where}: {key!r} is not a key; allowed are {_name_list(_KEYS)}")
        if not isinstance(value, str) or not value:
            raise ValueError(f"{where}: {key} is {value!r}; it must be text, and not empty")
    selectors = [key for key in _SELECTORS if key in rule]
    if len(selectors) > 1:
        raise ValueError(f"{where} has {_name_list(selectors)}; at most one of these is allowed")
    if not selectors and "connector" not in rule:
        raise ValueError(
            f"{where} matches nothing: give it connector, or one of {_name_list(_SELECTORS)}"
        )
    pattern, template = _compiled(rule, where)
    gives = pattern.sub(template, rule["exact"]) if "exact" in rule else None
    return GroupRule(rule.get("connector"), pattern, template, gives)


def _compiled(rule: dict[str, str], where: str) -> tuple[re.Pattern[str], str]:
    """Write every kind of rule as a pattern and a template."""
    template = r"\g<0>"
    if "exact" in rule:
        source = re.escape(rule["exact"])
    elif "prefix" in rule:
        source, template = f"{re.escape(rule['prefix'])}(.*)", r"\1"
    else:
        source = rule.get("pattern", ".*")
    try:
        pattern = re.compile(source)
    except re.error as error:
        raise ValueError(
            f"{where}: pattern is {source!r}, which is not a Python regular expression: {error}"
        ) from error
    template = rule.get("team", template)
    try:
        pattern.sub(template, "")  # reads the template, whether or not there is a match
    except (re.error, IndexError) as error:
        raise ValueError(
            rf"{where}: team is {template!r}; it may contain \1, \2 … for the groups of pattern, "
            rf"\1 for what follows prefix, and \g<0> for the whole: {error}"
        ) from error
    return pattern, template


def _name_list(names: Iterable[str]) -> str:
    return ", ".join(names)
