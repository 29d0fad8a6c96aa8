"""The CSV file of people: everything is checked, every mistake has its line."""

import csv
import io

import pytest
from gpucommons_people.accounts.people_file import parse_people
from gpucommons_people.errors import InputError
from hypothesis import given
from hypothesis import strategies as st

TEAMS = ("vision", "robots")
HEADER = "email,name,teams\n"


def _parse(text):
    content = text if isinstance(text, bytes) else text.encode()
    return parse_people(content, TEAMS, "people.csv")


def test_people_are_read_with_their_teams():
    rows = _parse("email,name,teams,admin\nAda@example.org,Ada  L,vision;robots,yes\nb@x.org,,,\n")
    first, second = (row.person for row in rows)
    assert (first.user, first.name, first.teams) == ("ada@example.org", "Ada L", TEAMS)
    assert first.admin
    assert (second.user, second.teams, second.admin) == ("b@x.org", (), False)
    assert [row.line for row in rows] == [2, 3]


@pytest.mark.parametrize(
    "teams",
    ["vision robots", "vision;robots", "vision; robots", "vision  robots", '"vision, robots"'],
)
def test_teams_are_separated_by_spaces_semicolons_or_commas(teams):
    (row,) = _parse(f"{HEADER}a@x.org,,{teams}\n")
    assert row.person.teams == TEAMS


def test_columns_may_stand_in_any_order_and_lines_end_as_windows_writes_them():
    (row,) = _parse("\ufeffTeams,Email,Name\r\nvision,a@x.org,A\r\n\r\n".encode())
    assert (row.line, row.person.user, row.person.name) == (2, "a@x.org", "A")


def test_a_name_may_hold_commas_and_line_breaks():
    rows = _parse(f'{HEADER}a@x.org,"Lovelace,\nAda",vision\nb@x.org,B,vision\n')
    assert rows[0].person.name == "Lovelace, Ada"
    assert [row.line for row in rows] == [2, 4]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("a@x.org,,physics", "line 2: There is no team physics. Teams: robots, vision."),
        ("a@x.org,,Vision", "line 2: 'Vision' is not a name for a team"),
        ("nobody,,vision", "line 2: 'nobody' is not an e-mail address"),
        ("a@x.org,vision", "line 2: 2 columns instead of 3: 'a@x.org,vision'"),
        ("a@x.org,,vision,yes", "line 2: 4 columns instead of 3"),
        ("a@x.org,,vision\nA@X.org,,robots", "line 3: a@x.org is in line 2 already"),
    ],
)
def test_a_bad_line_is_told_with_number_and_reason(lines, says):
    with pytest.raises(InputError) as told:
        _parse(HEADER + lines + "\n")
    assert says in str(told.value)
    assert "nothing was changed" in str(told.value)


def test_a_bad_admin_is_told():
    with pytest.raises(InputError, match="admin is 'perhaps'; it must be yes or no"):
        _parse("email,name,teams,admin\na@x.org,,,perhaps\n")


def test_every_mistake_of_a_line_is_told():
    with pytest.raises(InputError) as told:
        _parse("email,name,teams,admin\n_a@x.org,,physics Vision vision,perhaps\n")
    assert [each.split(": ", 1)[1][:22] for each in told.value.problems] == [
        "The user name '_a@x.or",
        "There is no team physi",
        "'Vision' is not a name",
        "admin is 'perhaps'; it",
    ]


def test_every_bad_line_is_told():
    with pytest.raises(InputError) as told:
        _parse(HEADER + "a,,\nb@x.org,,physics\nc@x.org,,vision\nd\n")
    assert [each.partition(":")[0] for each in told.value.problems] == [
        "line 2",
        "line 3",
        "line 5",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty. Its first line must be email,name,teams"),
        (b"mail,name,teams\n", "begins with 'mail,name,teams'"),
        (b"email,teams\n", "begins with 'email,teams'"),
        (b"email,name,teams,teams\n", "begins with"),
        (b"email,name,teams\na@x.org,J\xf6rg,vision\n", "line 2 is not UTF-8: byte 0xf6"),
        (b'email,name,teams\na@x.org,"open,vision\n', "is not CSV"),
    ],
)
def test_a_file_of_another_kind_is_told(content, says):
    with pytest.raises(InputError) as told:
        _parse(content)
    assert says in str(told.value)


def test_a_header_alone_is_nobody():
    assert _parse(HEADER) == ()


@given(st.binary(max_size=300))
def test_any_content_is_read_or_refused(content):
    try:
        rows = _parse(content)
    except InputError:
        return
    assert all(row.person.user for row in rows)


_users = st.from_regex(r"[a-z0-9]{1,8}@[a-z]{1,8}\.org", fullmatch=True)
_printable = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20)


@given(st.dictionaries(_users, st.tuples(_printable, st.sets(st.sampled_from(TEAMS)))))
def test_what_a_spreadsheet_writes_is_read_as_it_was_meant(people):
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(["email", "name", "teams"])
    for user, (name, teams) in people.items():
        writer.writerow([user, name, " ".join(sorted(teams))])
    rows = _parse(written.getvalue())
    assert {row.person.user: (row.person.name, set(row.person.teams)) for row in rows} == people
