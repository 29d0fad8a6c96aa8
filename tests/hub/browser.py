"""A person at a browser, without the browser: follows links, fills in Dex's form."""

import re
import ssl
from html import unescape
from urllib.parse import urljoin

import httpx

from .dex import PASSWORD


class Browser(httpx.Client):
    def __init__(self, hub_url: str, trusted: ssl.SSLContext | None = None):
        """trusted: the certificates to trust, and no others."""
        super().__init__(base_url=hub_url, timeout=60, verify=trusted or True)

    def follow(self, url: str) -> httpx.Response:
        return self.get(url, follow_redirects=True)

    def open_dex(self, next_url: str = "/hub/home") -> httpx.Response:
        """Press "Sign in" and arrive at Dex's form."""
        return self.follow(str(httpx.URL("/hub/oauth_login", params={"next": next_url})))

    def fill_in(self, form: httpx.Response, email: str, password: str = PASSWORD) -> httpx.Response:
        """Send Dex's form; the answer is a redirect when the password was right."""
        action = re.search(r'action="([^"]+)"', form.text)
        assert action, form.text
        url = urljoin(str(form.url), unescape(action[1]))
        return self.post(url, data={"login": email, "password": password})

    def come_back(self, answer: httpx.Response) -> str:
        """Follow Dex's redirects up to the hub's callback, and return that address."""
        while "/hub/oauth_callback" not in (target := answer.headers["location"]):
            answer = self.get(urljoin(str(answer.url), target))
        return str(target)

    def sign_in(self, email: str, next_url: str = "/hub/home") -> httpx.Response:
        """Go the whole way and return the page at its end."""
        answer = self.fill_in(self.open_dex(next_url), email)
        return self.follow(self.come_back(answer))
