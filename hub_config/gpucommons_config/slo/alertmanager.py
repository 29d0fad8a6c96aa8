"""An AlertmanagerConfig for the Prometheus operator, of a file for Alertmanager itself.

Keys are the same in both, in other spelling. What a file of a secret is named by becomes a key of a
Secret, and templates, which the operator reads from no such object, are put where they are used.
Source: https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1alpha1.AlertmanagerConfig
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from gpucommons_contract.formats.yaml_files import YAMLFileError, read_document
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gpucommons_config.slo.manifest import manifest_text

DEFAULT_FILE = Path(__file__).with_name("alertmanager.yaml")

_HEAD = """\
# Made by `gpucommons slo alertmanager`. Change a copy of the file, and make it again:
# docs/how-to/watch-the-platform.md.
"""
_SMTP, _CHAT = "smtp_", "slack_api_url_file"
"""What is global in the file, and of each receiver in the object."""
_SPELLED = {"url": "URL", "tls": "TLS"}
"""Words that do not begin a key, as the object has them."""
_OTHERWISE = {"http_config", "tls_config"}
"""What the object has, too, but made up in another way, with secrets in it."""
_SECRET_FILE = "_file"  # noqa: S105 -- how a key ends
_SECRETS = {"api_url", "auth_password", "auth_secret"}
_MATCHERS = {
    "matchers": "matchers",
    "source_matchers": "sourceMatch",
    "target_matchers": "targetMatch",
}
_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*')
_ESCAPED = re.compile(r"\\(.)")
_DEFINITION = re.compile(r'^{{ define "([^"]+)" -}}\n(.*?)^{{- end }}$', re.MULTILINE | re.DOTALL)
_OWN = ".default."
"""What names of Alertmanager's own templates have in them: these are there without a file."""
_USE = re.compile(r'{{ template "([^"]+)" \. }}')
_ANY_USE = re.compile(r'{{-?\s*template\s+["`]([^"`]+)["`]')

Item = Mapping[str, Any]


class AlertmanagerError(Exception):
    """A file for Alertmanager of which no object can be made; it says where and why."""


class _Root(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    routes: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1)]
    """One: below it is what the object is about. The operator has a root of its own."""


class _Receiver(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    slack_configs: list[dict[str, Any]] = []
    email_configs: list[dict[str, Any]] = []


class _File(BaseModel):
    """What is made into an object. Whether all of it is right, `amtool check-config` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of_all: Annotated[dict[str, Any], Field(alias="global")] = {}
    templates: list[str] = []
    route: _Root
    receivers: list[_Receiver]
    inhibit_rules: list[dict[str, Any]] = []


def alertmanager_text(file: Path = DEFAULT_FILE) -> str:
    """Return the AlertmanagerConfig of a file, in YAML. Raises AlertmanagerError."""
    read = _read(file)
    texts = _templates(file.parent / each for each in read.templates)
    (route,) = read.route.routes
    if missing := sorted(_named(route) - {each.name for each in read.receivers}):
        raise AlertmanagerError(f"{file}: The receiver {missing[0]} is not among receivers.")
    receivers = [
        _receiver(each, read.of_all) for each in read.receivers if each.name in _named(route)
    ]
    made = {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "AlertmanagerConfig",
        "metadata": {
            "name": "gpucommons",
            "namespace": "gpucommons",
            "labels": {"app.kubernetes.io/part-of": "gpu-commons"},
        },
        "spec": {
            "route": _spelled(route),
            "inhibitRules": [_spelled(each) for each in read.inhibit_rules],
            "receivers": [_with_texts(each, texts) for each in receivers],
        },
    }
    return _HEAD + manifest_text(made)


def _read(file: Path) -> _File:
    try:
        read = _File.model_validate(read_document(file).value)
    except OSError as error:
        raise AlertmanagerError(f"{file}: {error.strerror}") from error
    except YAMLFileError as error:
        raise AlertmanagerError(str(error)) from error
    except ValidationError as error:
        flaws = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise AlertmanagerError(f"{file}: {'; '.join(flaws)}") from error
    for key in read.of_all:
        if key != _CHAT and not key.startswith(_SMTP):
            raise AlertmanagerError(
                f"{file}: global.{key} has no place in an AlertmanagerConfig. "
                "Set it for the operator's Alertmanager, and leave it out here."
            )
    for key in read.route.model_extra or ():
        if key != "receiver":
            raise AlertmanagerError(
                f"{file}: route.{key} has no place in an AlertmanagerConfig, whose root is the "
                "operator's. Put it into the route below that."
            )
    if not read.route.routes[0].get("receiver"):
        raise AlertmanagerError(f"{file}: route.routes.0 needs a receiver of its own.")
    return read


def _templates(files: Iterator[Path]) -> dict[str, str]:
    """Return what templates say, by name."""
    found: dict[str, str] = {}
    for file in files:
        try:
            found |= _DEFINITION.findall(file.read_text())
        except OSError as error:
            raise AlertmanagerError(f"{file}: {error.strerror}") from error
    return {name: text.removesuffix("\n") for name, text in found.items()}


def _named(route: Item) -> set[str]:
    """Return the receivers of a route and of those below it."""
    below = (_named(each) for each in route.get("routes", ()))
    return {route["receiver"]}.union(*below) if "receiver" in route else set().union(*below)


def _receiver(receiver: _Receiver, of_all: Item) -> dict[str, Any]:
    mail = {key.removeprefix(_SMTP): each for key, each in of_all.items() if key != _CHAT}
    chat = {_CHAT.removeprefix("slack_"): of_all[_CHAT]} if _CHAT in of_all else {}
    made: dict[str, Any] = {"name": receiver.name}
    if receiver.slack_configs:
        made["slackConfigs"] = [_spelled(chat | each) for each in receiver.slack_configs]
    if receiver.email_configs:
        made["emailConfigs"] = [_spelled(mail | each) for each in receiver.email_configs]
    return made


def _spelled(item: Item) -> dict[str, Any]:
    """Return a part of the file as the object has it."""
    return dict(_entry(key, value) for key, value in item.items())


def _entry(key: str, value: object) -> tuple[str, object]:
    match key, value:
        case _, list() if key in _MATCHERS:
            return _MATCHERS[key], [_matcher(each) for each in value]
        case "routes", list():
            return key, [_spelled(each) for each in value]
        case "headers", dict():
            return key, [{"key": name, "value": each} for name, each in value.items()]
        case _, str() if key.endswith(_SECRET_FILE):
            return _camel(key.removesuffix(_SECRET_FILE)), _key_of_secret(key, value)
        case _ if key in _SECRETS:
            raise AlertmanagerError(
                f"{key} would be in plain text. Put it into a file, and name that by {key}_file."
            )
        case _ if key in _OTHERWISE:
            raise AlertmanagerError(
                f"{key} is made up in another way in an AlertmanagerConfig. Leave it out here, and "
                f"put {_camel(key)} into the object."
            )
    return _camel(key), _spelled_below(value)


def _spelled_below(value: object) -> object:
    match value:
        case dict():
            return _spelled(value)
        case list():
            return [_spelled_below(each) for each in value]
    return value


def _key_of_secret(key: str, file: str) -> dict[str, str]:
    place = PurePosixPath(file)
    if not place.parent.name:
        raise AlertmanagerError(
            f"{key} is {file!r}, and must end with the name of a Secret and a key of it, such as "
            "/etc/alertmanager/secrets/gpucommons-alerts/chat-url."
        )
    return {"name": place.parent.name, "key": place.name}


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(_SPELLED.get(each) or each.capitalize() for each in others)


def _matcher(text: str) -> dict[str, str]:
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise AlertmanagerError(f'{text!r} is no matcher, such as severity="critical"')
    name, kind, value = found[1], found[2], _ESCAPED.sub(r"\1", found[3])
    # YAML 1.1 has a meaning of its own for a bare "=", which is the default.
    return {"name": name, "value": value} | ({} if kind == "=" else {"matchType": kind})


def _with_texts(value: object, texts: Mapping[str, str]) -> object:
    """Return something with what templates say in place of their use."""
    match value:
        case str():
            put = _USE.sub(lambda use: _text(use[1], use[0], texts), value)
            for left in _ANY_USE.finditer(put):
                if _OWN not in left[1]:
                    raise AlertmanagerError(
                        f"The template {left[1]!r} can be put in place only where it is used as "
                        f'{{{{ template "{left[1]}" . }}}}, and not by another template.'
                    )
            return put
        case dict():
            return {key: _with_texts(each, texts) for key, each in value.items()}
        case list():
            return [_with_texts(each, texts) for each in value]
    return value


def _text(name: str, use: str, texts: Mapping[str, str]) -> str:
    if name not in texts and _OWN not in name:
        raise AlertmanagerError(
            f"No template {name!r} is in the files of `templates`. It begins with a line "
            f'{{{{ define "{name}" -}}}} and ends with a line {{{{- end }}}}.'
        )
    return texts.get(name, use)
