"""The page of the catalogue's keys, from its JSON Schema."""

import pytest
from reference_pages.catalogue import of_schema, page, section
from reference_pages.project import MissingTextError

SCHEMA = {
    "description": "What people may choose.",
    "required": ["sizes"],
    "properties": {
        "sizes": {
            "type": "object",
            "additionalProperties": {"$ref": "#/$defs/Size"},
            "description": "what a session gets",
        },
        "count": {"type": "integer", "minimum": 1, "default": 3, "description": "how many"},
    },
    "$defs": {
        "Unused": {"description": "Nothing refers to it."},
        "Size": {
            "description": "One size.",
            "properties": {
                "cpu": {
                    "anyOf": [{"type": "string"}, {"type": "null"}],
                    "default": None,
                    "description": "CPUs at most, 500m | 2",
                }
            },
        },
    },
}


def test_every_key_has_its_value_default_and_meaning():
    text = of_schema(SCHEMA)
    assert (
        "| `sizes` | by name: [Size](#catalogue-size) | required | What a session gets. |" in text
    )
    assert "| `count` | integer from 1 | `3` | How many. |" in text
    assert r"| `cpu` | text, `null` |  | CPUs at most, 500m \| 2. |" in text


def test_only_parts_that_are_referred_to_are_shown():
    assert "Unused" not in of_schema(SCHEMA)


@pytest.mark.parametrize(
    "part",
    [{"properties": {}}, {"description": "A part.", "properties": {"key": {"type": "string"}}}],
)
def test_a_part_or_key_without_description_fails_the_build(part):
    with pytest.raises(MissingTextError, match="Size"):
        section("Size", part)


def test_all_keys_of_the_catalogue_are_on_the_page():
    text = page()
    for name in ("environments", "quotas", "warn_after", "thread_percent"):
        assert f"| `{name}` |" in text
