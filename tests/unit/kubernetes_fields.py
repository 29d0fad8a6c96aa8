"""Which fields Kubernetes' own kinds have: its Python client knows them from the API's document."""

import re
from collections.abc import Iterator

from kubernetes_asyncio import client

_WITHIN = re.compile(r"(?:list\[|dict\(str, )(.+?)[\])]$")


def is_known(kind: str) -> bool:
    """Whether the kind is one of Kubernetes' own, and not a custom resource."""
    return hasattr(client, f"V1{kind}")


def unknown_fields(value: object, kind: str) -> list[str]:
    """Name the fields of an object that its kind does not have, such as Node.spec.podCIDRS."""
    return list(_unknown(value, f"V1{kind}", kind))


def _unknown(value: object, model_name: str, at: str) -> Iterator[str]:
    if within := _WITHIN.match(model_name):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in items:
            yield from _unknown(each, within[1], f"{at}.{key}")
        return
    model = getattr(client, model_name, None)
    if model is None or not isinstance(value, dict):
        return  # a text, a number, or what may hold anything
    fields = {name: model.openapi_types[field] for field, name in model.attribute_map.items()}
    for key, each in value.items():
        if key in fields:
            yield from _unknown(each, fields[key], f"{at}.{key}")
        else:
            yield f"{at}.{key}"
