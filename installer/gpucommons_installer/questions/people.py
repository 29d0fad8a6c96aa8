"""Who signs in, from where, and which groups are teams."""

from gpucommons_contract import is_team_name

from gpucommons_installer import formats
from gpucommons_installer.answers import Answered
from gpucommons_installer.questions.question import Question, if_is

_NAMES = {
    "ldap": "University account",
    "github": "GitHub",
    "google": "Google",
    "oidc": "Single sign-on",
    "saml": "Single sign-on",
}
_UPSTREAM = if_is("identity_provider", *_NAMES)
_ADMINS = "admins"
_LONGEST_TITLE = 100
"""Characters, as the account commands have it."""


def _team(text: str) -> str:
    if not is_team_name(text):
        raise ValueError(
            f"{text[:64]!a} cannot be a team; write a to z, 0 to 9 and hyphens, a letter first, 40 "
            "at most"
        )
    if text == _ADMINS:
        raise ValueError("the group admins administers the hub; give the team another name")
    return text


def _team_name(text: str) -> str:
    if len(text) > _LONGEST_TITLE:
        raise ValueError(f"it has {len(text)} characters; write {_LONGEST_TITLE} at most")
    return formats.free_text(text)


def _title(so_far: Answered) -> str:
    return str(so_far.get("team", "")).replace("-", " ").title()


PEOPLE = (
    Question(
        "identity_provider",
        "Where do people have accounts already? Dex has some of its own in any case",
        "none, ldap, github, google, oidc or saml",
        formats.one_of("none", *_NAMES),
        default="none",
    ),
    Question(
        "provider_name",
        "What the button on the login page says",
        "a few words",
        formats.free_text,
        default=lambda so_far: _NAMES.get(str(so_far.get("identity_provider")), ""),
        when=_UPSTREAM,
    ),
    Question(
        "ldap_host",
        "Address of the directory, which speaks TLS",
        "HOST:PORT, such as ldap.example.org:636",
        formats.host_and_port,
        when=if_is("identity_provider", "ldap"),
    ),
    Question(
        "ldap_bind_dn",
        "Account with which Dex reads the directory; its password goes into a Secret",
        "a DN, such as cn=reader,dc=example,dc=org",
        formats.free_text,
        when=if_is("identity_provider", "ldap"),
    ),
    Question(
        "ldap_people",
        "Where people are in the directory",
        "a DN, such as ou=people,dc=example,dc=org",
        formats.free_text,
        when=if_is("identity_provider", "ldap"),
    ),
    Question(
        "ldap_groups",
        "Where groups are in the directory",
        "a DN, such as ou=groups,dc=example,dc=org",
        formats.free_text,
        when=if_is("identity_provider", "ldap"),
    ),
    Question(
        "github_organization",
        "GitHub organization whose teams are read",
        "its name",
        formats.organization,
        when=if_is("identity_provider", "github"),
    ),
    Question(
        "google_domain",
        "Domain of Google Workspace",
        "a domain, such as example.org",
        formats.host_name,
        when=if_is("identity_provider", "google"),
    ),
    Question(
        "google_admin",
        "Administrator of Google Workspace in whose name Dex reads groups",
        "an e-mail address",
        formats.person,
        when=if_is("identity_provider", "google"),
    ),
    Question(
        "oidc_issuer",
        "Issuer of the OpenID Connect provider, exactly as it writes it",
        "an address with https",
        formats.secure_url,
        when=if_is("identity_provider", "oidc"),
    ),
    Question(
        "saml_url",
        "Address at which the SAML provider signs people in",
        "an address with https",
        formats.secure_url,
        when=if_is("identity_provider", "saml"),
    ),
    Question(
        "group_prefix",
        "Prefix of the groups that are teams here; it is cut off",
        "a text such as gpu-, or nothing: then every group may be a team",
        formats.free_text,
        default="",
        when=_UPSTREAM,
    ),
    Question(
        "admins",
        "Group of the provider whose members administer the hub",
        "its whole name as the provider writes it, or nothing",
        formats.free_text,
        default="",
        when=_UPSTREAM,
    ),
    Question(
        "team",
        "The first team",
        "a to z, 0 to 9 and hyphens, such as vision",
        _team,
    ),
    Question(
        "team_name",
        "Its name for people to read",
        "a few words",
        _team_name,
        default=_title,
    ),
    Question(
        "first_person",
        "Who administers the hub first; they get an account in Dex",
        "an e-mail address",
        formats.person,
    ),
)
