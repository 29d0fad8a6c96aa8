"""Writes the policies of cluster/policies for Gatekeeper: ``make policies``.

They are in cluster/policies-gatekeeper, and are not changed there.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml
from gpucommons_spawner.catalogue.gatekeeper import Manifest, gatekeeper, is_for_gatekeeper

_CLUSTER = Path(__file__).parents[1] / "cluster"
_POLICIES = ("pods-isolated", "pods-as-made", "team-objects")
_HEADER = "# Made of cluster/policies by `make policies`: change them there.\n"
_WIDTH = 100
_LONG = 60


class _Dumper(yaml.SafeDumper):
    """Writes expressions and messages as people do, and nothing by reference."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 -- as PyYAML calls it
        """Write each value where it belongs."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent lists, too."""
        super().increase_indent(flow, indentless=False)


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = ">" if len(text) > _LONG else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)


def files() -> Mapping[Path, str]:
    """Return what is to be in the files."""
    templates, constraints = [], []
    for policy in _policies():
        template, constraint = gatekeeper(policy)
        templates.append(template)
        constraints.append(constraint)
    folder = _CLUSTER / "policies-gatekeeper"
    return {
        folder / "templates.yaml": _text(templates),
        folder / "constraints.yaml": _text(constraints),
    }


def _policies() -> Iterator[Manifest]:
    for name in _POLICIES:
        for each in yaml.safe_load_all((_CLUSTER / "policies" / f"{name}.yaml").read_text()):
            if each["kind"] == "ValidatingAdmissionPolicy" and is_for_gatekeeper(each):
                yield each


def _text(objects: list[Manifest]) -> str:
    return _HEADER + yaml.dump_all(
        objects, Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True
    )


if __name__ == "__main__":
    for file, text in files().items():
        file.write_text(text)
