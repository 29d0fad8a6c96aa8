"""What an operator sets on DexOAuthenticator: who may sign in, and for how long."""

from collections.abc import Set as AbstractSet
from functools import cached_property

from traitlets import (
    Any,
    Bool,
    Callable,
    Integer,
    List,
    Set,
    TraitError,
    Unicode,
    Union,
    validate,
)

from gpucommons_authenticator.identity.connectors import Connector, parse_connectors
from gpucommons_authenticator.identity.group_rules import GroupRule, never_given, parse_rules
from gpucommons_authenticator.provider.settings import ConnectionSettings


class DexSettings(ConnectionSettings):
    """All traits of DexOAuthenticator, and OAuthenticator's with other defaults."""

    outage_grace = Integer(
        86400,
        config=True,
        help="""
        Seconds that people stay signed in while Dex does not answer, counted from when Dex last
        vouched for them. A day, so that an outage in the evening stops nobody's work overnight.
        0: no grace. A "no" from Dex takes effect at once.
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
        "This account is in no group that may use this hub. Ask an administrator "
        "to add you to a team, then sign in again.",
        config=True,
        help="What somebody in no allowed group reads: whom to ask, and for what.",
    )

    login_lifetime = Integer(
        43200,
        min=0,
        config=True,
        help="""
        Seconds that a sign-in lasts if Dex gives no refresh token, so that it cannot be asked
        about the person later: connectors such as saml, authproxy and oauth, or a scope without
        `offline_access`. Half a day, so that nobody signs in twice in a working day. Then the
        person signs in again; sessions keep running. Changed groups take effect at the next
        sign-in, blocked_users at once.
        """,
    )
    unclear_grace = Integer(
        180,
        config=True,
        help="""
        Seconds, counted from when Dex last vouched for somebody, during which people stay
        signed in although Dex gives the answer that it gives both for a deleted person and for
        a directory that is down. Three minutes are enough to restart LDAP; a removal still
        takes less than five.
        """,
    )
    removal_grace = Integer(
        600,
        allow_none=True,
        min=0,
        config=True,
        help="""
        Seconds that sessions keep running after their owner was found removed: in no group that
        may sign in, blocked, or deleted from a directory that still vouches for others. Each
        session shows a notice with the time left. At the end Dex is asked again, several times:
        no session stops without a fresh no. Ten minutes, to finish a cell and save. None:
        sessions keep running until somebody stops them.
        """,
    )
    bind_account = Bool(
        True,
        config=True,
        help="""
        Keep a user name for the account that signed in with it first. Without this, two sign-in
        services that know the same e-mail address let two people into one account. An
        administrator frees a name by deleting the user on the admin page; files stay. Dex may
        move to another address: an account is known by its connector and user there. If Dex was
        set up again with other accounts, set this to False until everybody has signed in once.
        """,
    )
    group_rules = List(
        Any(),
        config=True,
        help=r"""
        Which groups of the id_token become which groups of the hub. Each rule takes groups by
        at most one of `exact`, `prefix` (what follows it is the hub's group) and `pattern`
        (a regular expression for the whole name), of one `connector` of Dex if that is given,
        and may name the hub's group as `team`. All rules apply together; groups that no rule
        takes are dropped, and whoever is left in a group may sign in. Name the connector:
        two sign-in services may have groups of the same name. Without rules, groups stay as
        they are. Groups that hand out rights (`admin_groups`, `reserved_groups`) come from
        `exact` rules alone. Example: `[{"connector": "local"}, {"connector": "ldap", "prefix":
        "gpu-"}, {"connector": "ldap", "exact": "it-staff", "team": "admins"},
        {"pattern": "course-(.+)-2026", "team": "\\1"}]`
        """,
    ).tag(allow_config=True)
    reserved_groups = Union(
        [Set(Unicode()), Callable()],
        config=True,
        help="""
        Groups of the hub that hand out rights, in addition to `admin_groups`: only `exact` rules of
        `group_rules` make somebody a member, as people may name groups in a directory to match a
        wildcard. A set of names, or a function without arguments that returns one. Example:
        `{"big-users"}`
        """,
    )
    connectors = List(
        Any(),
        config=True,
        help="""
        Ways to sign in that the login page offers as buttons: `id` of a connector in Dex's
        configuration and the `label` that people read. Without them one button leads to Dex's
        own choice. Example: `[{"id": "ldap", "label": "University account"}]`
        """,
    )

    @cached_property
    def rules(self) -> tuple[GroupRule, ...]:
        """What `group_rules` says."""
        return parse_rules(self.group_rules)

    @property
    def reserved(self) -> AbstractSet[str]:
        """All groups that hand out rights, as of now."""
        more = self.reserved_groups
        return frozenset(self.admin_groups) | frozenset(more() if callable(more) else more)

    @cached_property
    def ways_in(self) -> tuple[Connector, ...]:
        """What `connectors` says."""
        return parse_connectors(self.connectors)

    def check_allow_config(self) -> None:
        """Stop the hub at start if rules could not work; warn of a right that nobody can have."""
        super().check_allow_config()
        if self.rules and not self.manage_groups:
            raise ValueError(
                "DexOAuthenticator.group_rules make groups, which manage_groups = False forbids: "
                "set manage_groups to True, or remove group_rules"
            )
        for name in sorted(never_given(self.rules, self.admin_groups) if self.rules else ()):
            self.log.warning(
                "Nobody can be in %s, which admin_groups names: only an exact rule makes somebody "
                "a member. Add one to DexOAuthenticator.group_rules, such as "
                '{"connector": "local", "exact": "%s"}',
                name,
                name,
            )

    @validate("group_rules")
    def _check_group_rules(self, proposal: dict[str, list[object]]) -> list[object]:
        try:
            parse_rules(proposal["value"])
        except ValueError as error:
            raise TraitError(f"DexOAuthenticator.{error}") from error
        return proposal["value"]

    @validate("connectors")
    def _check_connectors(self, proposal: dict[str, list[object]]) -> list[object]:
        try:
            parse_connectors(proposal["value"])
        except ValueError as error:
            raise TraitError(f"DexOAuthenticator.{error}") from error
        return proposal["value"]
