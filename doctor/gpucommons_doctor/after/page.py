"""What is on a web page: the forms, links and headings that signing in meets."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx


@dataclass(slots=True)
class Form:
    """One form: where it goes, and its fields with what is in them."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    takes_password: bool = False


class Page(HTMLParser):
    """A page that a browser arrived at."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.url = str(answer.url)
        self.heading = ""
        """The words of its first heading, which say what it is about."""
        self._forms: list[Form] = []
        self._links: list[str] = []
        self._in_heading = False
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, a field of the form before it, a link, or that a heading begins."""
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._forms.append(Form(urljoin(self.url, has.get("action", ""))))
        elif tag == "input" and self._forms:
            form = self._forms[-1]
            form.takes_password = form.takes_password or has.get("type") == "password"
            if has.get("name"):
                form.fields[has["name"]] = has.get("value", "")
        elif tag == "a" and has.get("href"):
            self._links.append(urljoin(self.url, has["href"]))
        elif tag == "h1":
            self._in_heading = not self.heading

    def handle_endtag(self, tag: str) -> None:
        """Note that a heading ends."""
        self._in_heading = self._in_heading and tag != "h1"

    def handle_data(self, data: str) -> None:
        """Keep the words of a heading."""
        if self._in_heading:
            self.heading = f"{self.heading} {data}".strip()

    @property
    def password_form(self) -> Form | None:
        """The form that asks for a password, if there is one."""
        return next((each for each in self._forms if each.takes_password), None)

    def link_to(self, end: str) -> str | None:
        """Return the first link whose path has this end."""
        return next((each for each in self._links if urlsplit(each).path.endswith(end)), None)
