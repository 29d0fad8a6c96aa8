"""Objects for Kubernetes as text, the same each time."""

from collections.abc import Mapping

import yaml


def manifest_text(made: Mapping[str, object]) -> str:
    """Return an object in YAML, in the order that it has."""
    return yaml.dump(made, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, and nothing by reference."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 -- as PyYAML calls it
        """Write each value where it belongs."""
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)
