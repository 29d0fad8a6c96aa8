"""A person at the hub's pages, without a browser: signs in, opens the picker, sends its form."""

import re
from html import unescape

import httpx


class Visitor(httpx.Client):
    def __init__(self, hub_url: str, name: str):
        super().__init__(base_url=hub_url, timeout=120, follow_redirects=True)
        self.name = name

    def sign_in(self) -> None:
        page = self.get("/hub/login?next=/hub/home")
        home = self.send_form(page, {"username": self.name, "password": "any"})
        assert home.url.path == "/hub/home", home.text

    def picker(self) -> str:
        """The words of the page on which sessions are started."""
        return _words(self.get(f"/hub/spawn/{self.name}").text)

    def press_start(self, choice: dict[str, str], server: str = "") -> httpx.Response:
        path = f"/hub/spawn/{self.name}/{server}" if server else f"/hub/spawn/{self.name}"
        return self.send_form(self.get(path), choice)

    def send_form(self, page: httpx.Response, fields: dict[str, str]) -> httpx.Response:
        """Send a page's form, or what its button for the last session sends."""
        action = re.search(r'<form[^>]*\baction="([^"]+)"', page.text)
        assert action, page.text
        hidden = dict(re.findall(r'<input[^>]*name="(_xsrf)"[^>]*value="([^"]*)"', page.text))
        return self.post(unescape(action[1]), data=hidden | fields)


def preselected(page: httpx.Response) -> dict[str, str]:
    """What the page on which sessions are started has chosen already."""
    found = {}
    for attributes in re.findall(r'<input[^>]*type="radio"([^>]*)>', page.text):
        if re.search(r"\bchecked\b", attributes):
            fields = dict(re.findall(r'(name|value)="([^"]*)"', attributes))
            found[fields["name"]] = fields["value"]
    return found


def _words(page: str) -> str:
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
