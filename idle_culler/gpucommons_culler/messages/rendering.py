"""Messages in words: templates that an installation may replace one by one."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gpucommons_contract.formats.wording import moment
from gpucommons_upkeep.mail import Letter
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gpucommons_culler.messages.message import Message, Topic

_SHOWN = 20
"""How many messages are listed one by one when many go together."""
_LONGEST_VALUE = 500
_LONGEST_SUBJECT = 150
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u0085]+")
_SUBJECT = "Subject: "
_DIGEST = "digest"
_MAIL, _CHAT = "mail.txt", "chat.txt"


class TemplateMistakeError(ValueError):
    """A template cannot be used. The message names it, and says why."""


class Rendering:
    """Writes messages, one or several that go together, as mail and as chat.

    A template is rendered in a sandbox and sees values without line breaks: whatever a session
    is called, it adds no header and no line.
    """

    def __init__(self, folder: str = "") -> None:
        """folder: templates that are taken before ours. Raises TemplateMistakeError."""
        own = [FileSystemLoader(folder)] if folder else []
        if folder and not Path(folder).is_dir():
            raise TemplateMistakeError(f"there is no folder {folder}")
        loader = ChoiceLoader([*own, PackageLoader("gpucommons_culler.messages")])
        self._mail = _environment(loader, str)
        self._chat = _environment(loader, _escaped)
        self._try_all()

    def letter(self, messages: Sequence[Message], left_out: int = 0) -> Letter:
        """Write a mail."""
        first, _, text = self._render(self._mail, _MAIL, messages, left_out).partition("\n")
        if not first.startswith(_SUBJECT):
            raise TemplateMistakeError(f"the first line of a mail must begin with {_SUBJECT!r}")
        return Letter(first.removeprefix(_SUBJECT).strip()[:_LONGEST_SUBJECT], text.strip() + "\n")

    def chat(self, messages: Sequence[Message], left_out: int = 0) -> str:
        """Write a chat message in Slack's notation."""
        return self._render(self._chat, _CHAT, messages, left_out).strip()

    def _render(
        self,
        environment: ImmutableSandboxedEnvironment,
        ending: str,
        messages: Sequence[Message],
        left_out: int,
    ) -> str:
        one = len(messages) == 1 and not left_out
        name = f"{messages[0].topic if one else _DIGEST}.{ending}"
        shown = [_values(each) for each in messages[-_SHOWN:]]
        more = len(messages) - len(shown) + left_out
        values = shown[0] if one else {"messages": shown, "count": len(messages) + left_out}
        try:
            return environment.get_template(name).render(**values, more=more)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            where = f"{name}, line {line}" if line else name
            raise TemplateMistakeError(f"the template {where}: {error}") from error

    def _try_all(self) -> None:
        """Render every template, so that a mistake stops the start and not the first message."""
        now = datetime.now(UTC)
        samples = [Message(topic, now, "It is idle.", "ada", "gpu", now) for topic in Topic]
        for some in (*([each] for each in samples), samples):
            self.letter(some)
            self.chat(some)


def _environment(
    loader: ChoiceLoader, written: Callable[[object], str]
) -> ImmutableSandboxedEnvironment:
    """Make an environment. HTML's escaping fits neither mail nor chat; ``written`` does."""
    return ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=False,
        finalize=written,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _values(message: Message) -> dict[str, object]:
    until = message.until
    return {
        "topic": str(message.topic),
        "session": _plain(message.session),
        "size": _plain(message.size),
        "reason": _plain(message.reason),
        "change": _plain(message.change),
        "url": _plain(message.url),
        "at": moment(message.at),
        "until": moment(until) if until else "",
    }


def _plain(text: str) -> str:
    """Make one line of a text, of limited length."""
    return _CONTROL.sub(" ", text)[:_LONGEST_VALUE]


def _escaped(value: object) -> str:
    """Escape what Slack takes for a link or a call of everybody.

    Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
