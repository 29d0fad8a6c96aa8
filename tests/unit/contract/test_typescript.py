"""What crosses to pages is written once, in the contract."""

import json
from dataclasses import fields
from pathlib import Path

from gpucommons_contract import Notice, SessionStatus, TelemetryFrame
from gpucommons_contract.formats.wording import span
from gpucommons_contract.typescript import write_types

CHECKOUT = Path(__file__).parents[3]
PANEL = CHECKOUT / "lab_extension" / "src"
TYPES = CHECKOUT / "session_client" / "src" / "contract.ts"


def test_types_are_those_of_the_contract():
    remedy = "run `python -m gpucommons_contract.typescript`"
    assert TYPES.read_text() == write_types(), remedy


def test_every_field_of_a_shape_is_in_its_interface():
    for shape in (TelemetryFrame, SessionStatus, Notice):
        _, _, interface = write_types().partition(f"export interface I{shape.__name__} {{")
        body = interface.partition("\n}")[0]
        for field in fields(shape):
            assert f"\n  {field.name}" in body


def test_the_panel_says_spans_as_every_other_part_does():
    for seconds, text in json.loads((PANEL / "__tests__" / "spans.cases.json").read_text()):
        assert span(seconds) == text
