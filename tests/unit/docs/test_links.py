"""Links and mentions of pages lead somewhere, in the docs and in the whole repository."""

import re
import subprocess
from functools import cache

from reference_pages.project import ROOT

_LINK = re.compile(r"\]\(([^)#\s:]+)(?:#[^)\s]*)?\)")
_MENTION = re.compile(r"(?<![\w/.:-])docs/[\w./-]*\.md")


@cache
def _texts() -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    kinds = (".md", ".py", ".ts", ".tsx", ".yaml", ".toml")
    files = [ROOT / name for name in listed.stdout.splitlines() if name.endswith(kinds)]
    return {str(file.relative_to(ROOT)): file.read_text() for file in files if file.is_file()}


def test_links_of_pages_lead_to_files():
    lost = [
        f"{name}: {link}"
        for name, text in _texts().items()
        if name.endswith(".md")
        for link in _LINK.findall(text)
        if not ((ROOT / name).parent / link).exists()
    ]
    assert not lost


def test_pages_that_code_and_messages_name_exist():
    lost = [
        f"{name}: {mention}"
        for name, text in _texts().items()
        for mention in _MENTION.findall(text)
        if not (ROOT / mention).exists()
    ]
    assert not lost
