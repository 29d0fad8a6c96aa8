"""What the docs name exists: settings, commands, environment variables and metrics."""

import re
from functools import cache

from reference_pages import command_line, settings
from reference_pages.project import ROOT, modules, programs

_SETTING = re.compile(r"\b([A-Z]\w+)\.([a-z_]+)\b")
_COMMAND = re.compile(r"(?:`|/|^)gpucommons ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", re.MULTILINE)
_VARIABLE = re.compile(r"\bGPUCOMMONS_[A-Z_]*[A-Z]\b")
_METRIC = re.compile(r"`(gpucommons_[a-z_]+)`")
_METRICS = ROOT / "docs" / "reference" / "metrics.md"
"""Which tests/unit/monitoring compares with the metrics that there are."""


def _pages() -> dict[str, str]:
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("*/README.md")]
    return {str(page.relative_to(ROOT)): page.read_text() for page in pages}


@cache
def _source() -> str:
    listed = modules()
    return "\n".join(
        (ROOT / module.__file__).read_text() for module in listed if module.__file__ is not None
    )


def test_settings_that_pages_name_exist():
    classes = {each.__name__: each for each in settings.configured(settings.ours())}
    lost = [
        f"{page}: {name}.{trait}"
        for page, text in _pages().items()
        for name, trait in _SETTING.findall(text)
        if name in classes and trait not in classes[name].class_traits(config=True)
    ]
    assert not lost


def test_commands_that_pages_name_exist():
    known = {
        parser.prog.removeprefix("gpucommons ")
        for parser, *_ in command_line.commands(
            command_line.parser_of("gpucommons", programs()["gpucommons"])
        )
    }
    grouped = {name.split()[0] for name in known if " " in name}
    lost = [
        f"{page}: gpucommons {group} {name}"
        for page, text in _pages().items()
        for group, name in _COMMAND.findall(text)
        if (f"{group} {name}" if group in grouped and name else group) not in known
    ]
    assert not lost


def test_variables_and_metrics_that_pages_name_are_in_the_program():
    metrics = _METRIC.findall(_METRICS.read_text())
    lost = [
        f"{page}: {name}"
        for page, text in _pages().items()
        for name in [*_VARIABLE.findall(text), *_METRIC.findall(text)]
        if name not in metrics and name not in _source() and not (ROOT / name).exists()
    ]
    assert not lost
