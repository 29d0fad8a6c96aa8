"""What an operator sets on DexOAuthenticator: who may sign in, and for how long."""

from functools import cached_property

from traitlets import Any, Bool, Integer, List, TraitError, Unicode, validate

from gpucommons_authenticator.connectors import Connector, parse_connectors
from gpucommons_authenticator.group_rules import GroupRule, parse_rules
from gpucommons_authenticator.settings import ConnectionSettings


class DexSettings(ConnectionSettings):
    """All traits of DexOAuthenticator, and OAuthenticator's with other defaults."""

    outage_grace = Integer(
        86400,
        config=True,
        help="""
        Seconds for which somebody who is signed in stays so while Dex does not answer,
        counted from when Dex last vouched for them. A day, so that an outage in the evening
        stops nobody's work overnight. 0: no grace. A "no" from Dex takes effect at once.
        """,
    )
    username_claim = Unicode(
        "email",
        config=True,
        help="""
        Claim of the id_token that becomes the user name, lower-cased. Choose one that
        people cannot change themselves. Example: `preferred_username`
        """,
    )
    require_verified_email = Bool(
        True,
        config=True,
        help="""
        With `username_claim = "email"`, accept only addresses that the token calls verified.
        Without this, whoever can enter somebody else's address upstream becomes that person.
        """,
    )
    groups_claim = Unicode(
        "groups",
        config=True,
        help="Claim of the id_token that lists the person's groups, which become JupyterHub's.",
    )
    manage_groups = Bool(
        True,
        config=True,
        help="Keep JupyterHub's groups equal to those in the id_token, at login and at refresh.",
    )
    custom_403_message = Unicode(
        "This account is in no group that may use this hub. Ask the person who runs it "
        "to add you to a team, then sign in again.",
        config=True,
        help="What somebody in no allowed group reads: whom to ask, and for what.",
    )

    unclear_grace = Integer(
        180,
        config=True,
        help="""
        Seconds, counted from when Dex last vouched for somebody, for which an answer is
        forgiven that Dex gives alike for a person who was deleted and for a directory that is
        down. Three minutes outlast a restart of LDAP; a removal still takes less than five.
        """,
    )
    removal_grace = Integer(
        600,
        allow_none=True,
        min=0,
        config=True,
        help="""
        Seconds for which the sessions of somebody go on who was found removed: in no group that
        may sign in, blocked, or deleted from a directory that vouches for others meanwhile. Each
        session shows a notice with the time left, and Dex is asked once more at its end. Ten
        minutes, to finish a cell and save. None: sessions go on until somebody stops them.
        """,
    )
    bind_account = Bool(
        True,
        config=True,
        help="""
        Keep a user name for the account that signed in with it first. Without this, two sign-in
        services that know the same e-mail address let two people into one account. An
        administrator frees a name by deleting the user on the admin page; files stay.
        """,
    )
    group_rules = List(
        Any(),
        config=True,
        help=r"""
        Which groups of the id_token become which groups of the hub. Each rule takes groups by
        at most one of `exact`, `prefix` (what follows it is the hub's group) and `pattern`
        (a regular expression for the whole name), of one `connector` of Dex if that is given,
        and may name the hub's group as `team`. All rules count together; groups that none
        takes are dropped, and whoever is in a group then may sign in. Name the connector:
        two sign-in services may have groups of the same name. Without rules, groups stay as
        they are. Example: `[{"connector": "local"}, {"connector": "ldap", "prefix": "gpu-"},
        {"pattern": "course-(.+)-2026", "team": "\\1"}]`
        """,
    ).tag(allow_config=True)
    connectors = List(
        Any(),
        config=True,
        help="""
        Ways in that the login page offers as buttons: `id` of a connector in Dex's
        configuration and the `label` that people read. Without them one button leads to Dex's
        own choice. Example: `[{"id": "ldap", "label": "University account"}]`
        """,
    )

    @cached_property
    def rules(self) -> tuple[GroupRule, ...]:
        """What `group_rules` says."""
        return parse_rules(self.group_rules)

    @cached_property
    def ways_in(self) -> tuple[Connector, ...]:
        """What `connectors` says."""
        return parse_connectors(self.connectors)

    @validate("group_rules")  # type: ignore[untyped-decorator]
    def _check_group_rules(self, proposal: dict[str, list[object]]) -> list[object]:
        try:
            parse_rules(proposal["value"])
        except ValueError as error:
            raise TraitError(f"DexOAuthenticator.{error}") from error
        return proposal["value"]

    @validate("connectors")  # type: ignore[untyped-decorator]
    def _check_connectors(self, proposal: dict[str, list[object]]) -> list[object]:
        try:
            parse_connectors(proposal["value"])
        except ValueError as error:
            raise TraitError(f"DexOAuthenticator.{error}") from error
        return proposal["value"]
