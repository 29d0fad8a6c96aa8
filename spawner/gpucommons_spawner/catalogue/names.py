"""Names of people, teams and groups in the catalogue that nobody can have, and advice. Pure."""

from gpucommons_contract import is_team_name, is_user_name

_LONGEST_GROUP = 255
"""Characters; the width of JupyterHub's database column."""
_USER = "a user name is in lower case, such as ada@example.org"
_TEAM = "a team's name begins with a letter, and contains a to z, digits and hyphens"


def user_advice(name: str) -> str | None:
    """Say why nobody can be called so, and what to write; None if somebody can."""
    if is_user_name(name):
        return None
    meant = name.strip().lower()
    return f"nobody can be called {name!r}; {_advice(meant if is_user_name(meant) else '', _USER)}"


def team_advice(name: str) -> str | None:
    """Say the same of a team."""
    if is_team_name(name):
        return None
    return f"no team can be called {name!r}; {_advice(_team_meant(name), _TEAM)}"


def group_advice(name: str) -> str | None:
    """Say the same of a group. Teams are groups, too, and others may have other names."""
    if not 0 < len(name) <= _LONGEST_GROUP or not name.isprintable():
        return f"no group can be called {name!r}; write its name"
    if not is_team_name(name) and (meant := _team_meant(name)):
        rule = "no team has this name, and a group's name must match exactly"
        return f"{rule}; did you mean {meant}?"
    return None


def _advice(meant: str, rule: str) -> str:
    return f"did you mean {meant}?" if meant else rule


def _team_meant(name: str) -> str:
    """Guess the team that somebody meant; empty if it could be none."""
    meant = "-".join(name.lower().replace("_", " ").split())
    return meant if is_team_name(meant) else ""
