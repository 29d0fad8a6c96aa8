"""The list of all rights, from the objects that give them."""

from reference_pages.project import ROOT
from reference_pages.rights import accounts, page, rights


def test_every_account_is_on_the_page_and_in_the_words_above_the_list():
    written = (ROOT / "docs" / "reference" / "rights.md").read_text()
    above = written.partition("<!-- generated: rights -->")[0]
    made = page()
    assert len(accounts()) > 8
    for each in accounts():
        assert f"### {each}\n" in made or f"`{each}`" in made, each
    for each in rights():
        assert f"| `{each}`" in above or f"`{each}`," in above, each


def test_a_right_says_where_on_what_and_on_which():
    found = rights()
    assert ("everywhere", "`nodes/stats`", "get") in found["idle"]
    lease = "`leases.coordination.k8s.io` (`idle-culler`)"
    assert ("`gpucommons`", lease, "get, update") in found["idle"]
    assert ("a team's namespace", "`pods`", "get, create, delete") in found["hub"]


def test_nobody_reads_a_secret_that_is_not_named():
    for account, rows in rights().items():
        for _, what, verbs in rows:
            if what.startswith("`secrets`") and "(" not in what:
                assert set(verbs.split(", ")) <= {"create", "delete"}, account
