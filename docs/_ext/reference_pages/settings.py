"""The page of settings, from the traits of every class that an installation configures."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from traitlets import DefaultHandler, TraitType, Undefined
from traitlets.config import Configurable

from reference_pages.markdown import cell, code, paragraph, prose, sentence
from reference_pages.project import MissingTextError, modules

_OURS = "gpucommons_"


@dataclass(frozen=True)
class Setting:
    """A trait of one of our classes."""

    name: str
    kind: str
    default: str
    help: str


@dataclass(frozen=True)
class ChangedDefault:
    """A trait of a class that ours extends, to which ours gives another default."""

    name: str
    default: str
    reason: str


def page() -> str:
    """Return the page: a section for each class. Raises MissingTextError."""
    return "\n".join(section(each) for each in configured(ours()))


def ours() -> set[type[Configurable]]:
    """Return all configurable classes of the project's packages."""
    names = {module.__name__ for module in modules()}
    return {each for each in _extending(Configurable) if each.__module__ in names}


def configured(classes: set[type[Configurable]]) -> list[type[Configurable]]:
    """Return the classes whose names stand in configuration files, by name.

    Of classes that extend one another only the last is configured by its name.
    """
    last = [each for each in classes if not any(each in other.__mro__[1:] for other in classes)]
    return sorted((each for each in last if settings(each)), key=lambda each: each.__name__)


def settings(of: type[Configurable]) -> list[Setting]:
    """Return the settings that our classes add. Raises MissingTextError for one without help."""
    defaults = {handler.trait_name: handler for handler in _default_handlers(of)}
    found = []
    for name, trait in sorted(of.class_traits(config=True).items()):
        if not trait.this_class.__module__.startswith(_OURS):
            continue
        if not trait.help.strip():
            raise MissingTextError(f"{of.__name__}.{name} has no help=, which people look up.")
        handler = defaults.get(name)
        default = _made(handler) if handler else _default(trait)
        found.append(Setting(name, _kind(trait), default, trait.help))
    return found


def changed_defaults(of: type[Configurable]) -> list[ChangedDefault]:
    """Return what our classes change of the classes that they extend."""
    traits = of.class_traits(config=True)
    return [
        ChangedDefault(handler.trait_name, _made(handler), paragraph(handler.func.__doc__))
        for handler in sorted(_default_handlers(of), key=lambda each: each.trait_name)
        if (trait := traits.get(handler.trait_name))
        and not trait.this_class.__module__.startswith(_OURS)
    ]


def section(of: type[Configurable]) -> str:
    """Return what the page says about one class."""
    lines = [
        f"({of.__name__})=",
        f"## {of.__name__}",
        "",
        prose(sentence(paragraph(of.__doc__))),
        "",
    ]
    for each in settings(of):
        lines += [
            f"({of.__name__}.{each.name})=",
            f"### {code(each.name)}",
            "",
            f"*{each.kind}*, default {code(each.default)}",
            "",
            prose(sentence(each.help)),
            "",
        ]
    if changed := changed_defaults(of):
        base = next(each for each in of.__mro__ if not each.__module__.startswith(_OURS))
        lines += [
            f"### Other defaults than {base.__name__}'s",
            "",
            "| Setting | Default | Why |",
            "|---|---|---|",
            *(f"| {code(e.name)} | {code(e.default)} | {cell(e.reason)} |" for e in changed),
            "",
        ]
    return "\n".join(lines)


def _extending(base: type[Configurable]) -> set[type[Configurable]]:
    found = set(base.__subclasses__())
    return found.union(*map(_extending, found))


def _default_handlers(of: type[Configurable]) -> Iterator[DefaultHandler]:
    """Yield the @default methods of our classes, that of the last class for each trait."""
    seen = set()
    for each in of.__mro__:
        if not each.__module__.startswith(_OURS):
            continue
        for value in vars(each).values():
            if isinstance(value, DefaultHandler) and value.trait_name not in seen:
                seen.add(value.trait_name)
                yield value


def _made(handler: DefaultHandler) -> str:
    """Return what a @default method returns, where it needs no object for it."""
    try:
        return _short(handler.func(None))
    except Exception:
        return "computed"


def _default(trait: TraitType[Any, Any]) -> str:
    value = trait.default()
    return "none" if value is Undefined else _short(value)


def _short(value: object) -> str:
    return "a function" if callable(value) else repr(value)


def _kind(trait: TraitType[Any, Any]) -> str:
    kind = type(trait).__name__
    bounds = [
        f"{word} {limit}"
        for word, limit in (
            ("from", getattr(trait, "min", None)),
            ("to", getattr(trait, "max", None)),
        )
        if limit is not None and math.isfinite(limit)
    ]
    if values := getattr(trait, "values", None):
        bounds.append("one of " + ", ".join(repr(each) for each in values))
    if trait.allow_none:
        bounds.append("or None")
    return " ".join([kind, *bounds])
