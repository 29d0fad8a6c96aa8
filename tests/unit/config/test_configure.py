"""Composing our configuration with what an installation has set."""

import copy
import subprocess
import sys

import pytest
from gpucommons_authenticator import TEMPLATES as LOGIN_TEMPLATES
from gpucommons_authenticator import DexOAuthenticator
from gpucommons_config import configure
from gpucommons_config.composition import compose, contents, is_set
from gpucommons_contract.words.pages import TEMPLATES as FRAME_TEMPLATES
from gpucommons_sessions import SavingProxy
from gpucommons_spawner import HANDLERS, GPUSpawner
from gpucommons_spawner import TEMPLATES as PICKER_TEMPLATES
from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

from .chart_config import CATALOGUE, config_of, mount_values, untouched_values

OURS = ["gpucommons-people", "gpucommons-notices", "idle", "gpu", "files"]


@pytest.fixture
def under_chart(tmp_path, monkeypatch) -> Config:
    mount_values(tmp_path, monkeypatch, untouched_values())
    return config_of(untouched_values())


@pytest.fixture
def plain() -> Config:
    c = Config()
    c.GPUSpawner.catalogue_file = str(CATALOGUE)
    return c


def _as_it_is(c: Config) -> dict[str, dict[str, object]]:
    """Copy what can be changed in place; lazy values compare by identity."""

    def copied(value: object) -> object:
        if isinstance(value, LazyConfigValue):
            value = value.to_dict()
        return copy.deepcopy(value) if isinstance(value, list | dict | set) else value

    return {n: {trait: copied(value) for trait, value in s.items()} for n, s in c.items()}


def test_the_classes_that_the_chart_names_by_itself_become_ours(under_chart) -> None:
    configure(under_chart)
    assert under_chart.JupyterHub.spawner_class is GPUSpawner
    assert under_chart.JupyterHub.authenticator_class is DexOAuthenticator
    assert under_chart.JupyterHub.proxy_class is SavingProxy


def test_classes_that_an_installation_chose_stay(under_chart) -> None:
    chosen = "jupyterhub.auth.DummyAuthenticator"
    under_chart.JupyterHub.authenticator_class = chosen
    under_chart.JupyterHub.spawner_class = "lab.LabSpawner"
    under_chart.JupyterHub.proxy_class = "traefik"
    configure(under_chart)
    assert under_chart.JupyterHub.authenticator_class == chosen
    assert under_chart.JupyterHub.spawner_class == "lab.LabSpawner"
    assert under_chart.JupyterHub.proxy_class == "traefik"


def test_without_the_chart_a_class_that_it_would_name_was_chosen(plain) -> None:
    plain.JupyterHub.authenticator_class = "dummy"
    configure(plain)
    assert plain.JupyterHub.authenticator_class == "dummy"


def test_what_an_installation_set_stays(under_chart) -> None:
    under_chart.Spawner.default_url = "/tree"
    under_chart.Authenticator.enable_auth_state = False
    before = _as_it_is(under_chart)
    configure(under_chart)
    after = _as_it_is(under_chart)
    grown = {
        *("services", "load_roles", "template_paths", "tornado_settings"),
        *("spawner_class", "authenticator_class"),
    }
    for section, traits in before.items():
        for trait, value in traits.items():
            if trait not in grown:
                assert after[section][trait] == value, f"{section}.{trait}"


def test_services_tokens_and_roles_of_the_installation_are_kept(under_chart) -> None:
    idle = {"name": "idle", "url": "http://idle-culler:10101", "api_token": "abc"}
    role = {"name": "portal", "services": ["portal"], "scopes": ["list:users"]}
    under_chart.JupyterHub.services += [idle, {"name": "portal", "api_token": "def"}]
    under_chart.JupyterHub.load_roles.append(role)
    theirs = copy.deepcopy(under_chart.JupyterHub.services)
    configure(under_chart)
    services = under_chart.JupyterHub.services
    assert services[:3] == theirs
    assert [each["name"] for each in services[3:]] == [each for each in OURS if each != "idle"]
    roles = {each["name"]: each for each in under_chart.JupyterHub.load_roles}
    assert roles["portal"] == role
    assert set(OURS) < roles.keys()
    assert len(roles) == len(under_chart.JupyterHub.load_roles)


def test_a_role_by_the_name_of_one_of_ours_keeps_what_it_says_and_gets_what_ours_needs(
    plain,
) -> None:
    plain.JupyterHub.load_roles = [
        {"name": "idle", "description": "ends", "users": ["ada"], "scopes": ["shares"]}
    ]
    configure(plain)
    (role,) = (each for each in plain.JupyterHub.load_roles if each["name"] == "idle")
    assert (role["description"], role["users"], role["services"]) == ("ends", ["ada"], ["idle"])
    assert role["scopes"][0] == "shares"
    assert "delete:servers" in role["scopes"]


def test_pages_and_handlers_of_the_installation_come_before_ours(under_chart) -> None:
    under_chart.JupyterHub.template_paths = ["/etc/lab/templates"]
    under_chart.JupyterHub.extra_handlers = [("/lab", object)]
    configure(under_chart)
    ours = [str(each) for each in (LOGIN_TEMPLATES, PICKER_TEMPLATES, FRAME_TEMPLATES)]
    assert under_chart.JupyterHub.template_paths == ["/etc/lab/templates", *ours]
    handlers = under_chart.JupyterHub.extra_handlers
    assert handlers[0] == ("/lab", object)
    assert all(each in handlers for each in HANDLERS)


def test_settings_of_tornado_are_merged(under_chart) -> None:
    configure(under_chart)
    assert under_chart.JupyterHub.tornado_settings["slow_spawn_timeout"] == 0
    assert "transforms" in under_chart.JupyterHub.tornado_settings


def test_what_was_appended_to_unset_lists_stays_and_can_be_appended_to(plain) -> None:
    hub = plain.JupyterHub
    hub.services.append({"name": "portal", "api_token": "abc"})
    hub.load_roles.append({"name": "user", "scopes": ["self"]})
    hub.template_paths.insert(0, "/etc/lab/templates")
    hub.extra_handlers.append(("/lab", object))
    hub.extra_user_scopes.add("shares")
    hub.tornado_settings.update({"headers": {}})
    assert isinstance(hub.services, LazyConfigValue)
    configure(plain)
    assert hub.services[0] == {"name": "portal", "api_token": "abc"}
    assert hub.load_roles[0]["scopes"] == [
        "self",
        "access:services!service=idle",
        "access:services!service=gpu",
    ]
    assert hub.template_paths[0] == "/etc/lab/templates"
    assert hub.extra_handlers[0] == ("/lab", object)
    assert hub.extra_user_scopes == {
        "shares",
        "access:services!service=idle",
        "access:services!service=gpu",
    }
    cookies = {"cookie_options", "xsrf_cookie_kwargs"}
    ours = {"log_function", "static_handler_class", "transforms"}
    assert hub.tornado_settings.keys() == {"headers"} | ours | cookies
    hub.services.append({"name": "late"})
    assert hub.services[-1] == {"name": "late"}


def test_a_trait_that_was_only_read_is_unset(plain) -> None:
    assert plain.JupyterHub.allow_named_servers is not True  # leaves a lazy value behind
    configure(plain)
    assert plain.JupyterHub.allow_named_servers is True


@pytest.mark.parametrize("kind", ["under_chart", "plain"])
def test_a_second_call_changes_nothing(kind, request) -> None:
    c = request.getfixturevalue(kind)
    c.JupyterHub.services.append({"name": "portal"})
    configure(c)
    once = _as_it_is(c)
    configure(c)
    assert _as_it_is(c) == once


def test_looking_at_what_was_added_so_far_does_not_end_it() -> None:
    c = Config()
    c.JupyterHub.services.append("a")
    assert contents(c.JupyterHub, "services", []) == ["a"]
    c.JupyterHub.services.append("b")
    assert contents(c.JupyterHub, "services", []) == ["a", "b"]
    assert not is_set(c.JupyterHub, "services")


def test_composing_leaves_ours_as_it_was() -> None:
    ours, theirs = Config(), Config()
    ours.JupyterHub.services = [{"name": "idle"}]
    ours.JupyterHub.tornado_settings = {"a": 1}
    theirs.JupyterHub.tornado_settings = {"a": 2}
    compose(theirs, ours)
    theirs.JupyterHub.services.append({"name": "late"})
    assert ours.JupyterHub.services == [{"name": "idle"}]
    assert ours.JupyterHub.tornado_settings == {"a": 1}
    assert theirs.JupyterHub.tornado_settings == {"a": 2}


def test_waits_for_postgresql_are_bounded_and_what_is_set_stays(under_chart) -> None:
    under_chart.JupyterHub.db_url = "postgresql+psycopg2://hub@db/hub"
    under_chart.JupyterHub.db_kwargs = {"pool_size": 7, "connect_args": {"connect_timeout": 30}}
    configure(under_chart)
    kept = under_chart.JupyterHub.db_kwargs
    assert kept["pool_size"] == 7
    assert kept["connect_args"]["connect_timeout"] == 30
    assert kept["connect_args"]["keepalives"] == 1


def test_the_command_does_not_import_the_hub() -> None:
    code = (
        "import sys; from gpucommons_config.command import main; main(['catalogue', 'schema']);"
        "sys.exit(bool({'jupyterhub', 'kubernetes_asyncio'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_a_hub_under_the_chart_without_a_catalogue_says_what_to_set(under_chart) -> None:
    del under_chart.GPUSpawner["catalogue_file"]
    with pytest.raises(SystemExit, match=r"GPUSpawner\.catalogue_file"):
        configure(under_chart)
