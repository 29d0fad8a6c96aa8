"""What a chart refuses, or takes no notice of: by its own schema, and by its own values."""

from collections.abc import Iterator, Mapping

from jsonschema.validators import validator_for

from .charts import Keys, Release, Values, merge, of_chart, on_chart

_ANY = {"affinity", "nodeSelector", "resources", "podSecurityContext", "securityContext"}
"""Parts of pods, which charts pass on: they hold more than the chart's own values show."""


def mistakes(release: Release, given: Values) -> Iterator[str]:
    """Name each value. Skips the test if the chart is not at hand."""
    strict = False
    if release.has_chart_file("values.schema.json"):
        schema = of_chart(release, "values.schema.json")
        strict = schema.get("additionalProperties") is False
        validator = validator_for(schema)(schema)
        for error in validator.iter_errors(on_chart(release, given)):
            yield f"{error.json_path}: {error.message}"
    if not strict:
        yield from _unknown(given, merge(of_chart(release, "values.yaml"), _conditions(release)))


def _conditions(release: Release) -> Values:
    """Return the switches of the chart's parts, which its values need not name."""
    chart = of_chart(release, "Chart.yaml")
    switches: Values = {}
    for each in chart.get("dependencies", ()):
        for path in filter(None, each.get("condition", "").split(",")):
            switch: object = True
            for key in reversed(path.strip().split(".")):
                switch = {key: switch}
            switches = merge(switches, switch)
    return switches


def _unknown(given: Mapping, defaults: Mapping, within: Keys = ()) -> Iterator[str]:
    for key, value in given.items():
        if key not in defaults:
            yield f"{'.'.join((*within, key))}: the chart has no such value"
        elif isinstance(value, Mapping) and defaults[key] and key not in _ANY:
            yield from _unknown(value, defaults[key], (*within, key))
