"""A platform with HTTPS: what its programs are told, and what stays over a switch."""

import json
import shlex

import pytest
import yaml
from gpucommons_config.command import main
from gpucommons_local.command import running
from gpucommons_local.hub import culler, dex, hub
from gpucommons_local.hub.people_file import people_file, write_people_file
from gpucommons_local.machine.certificates import certificate_files, make_certificates
from gpucommons_local.machine.instance import Instance, load, saved
from gpucommons_local.machine.secrets import load_secrets
from gpucommons_local.platform import Platform
from gpucommons_people.files.configuration import read_configuration


@pytest.fixture(autouse=True)
def _machine(monkeypatch, tmp_path):
    monkeypatch.setenv("GPUCOMMONS_STATE", str(tmp_path))
    for each in (dex, hub):
        monkeypatch.setattr(each, "program", lambda name: name)


@pytest.fixture
def https() -> Instance:
    instance = Instance("unit", 18393, https=True)
    make_certificates(certificate_files(instance))
    return instance


def _programs(instance):
    secrets = load_secrets(instance)
    every = [
        dex.dex(instance, secrets),
        *hub.hub_programs(instance, secrets, "catalogue"),
        culler.culler_program(instance, secrets),
        hub.port_forward(instance),
    ]
    return {each.name: each for each in every}


def _file(program, name):
    return next(text for path, text in program.files.items() if path.name == name)


def test_browsers_are_led_to_https_alone_and_the_inside_stays_as_it_is(https):
    programs = _programs(https)
    values = yaml.safe_load(_file(programs["hub"], "values.yaml"))
    login = values["DexOAuthenticator"]
    seen = [https.url, https.issuer, login["issuer"], login["oauth_callback_url"]]
    seen += [values["JupyterHub"]["bind_url"]]
    idle = yaml.safe_load(_file(programs["idle-culler"], "values.yaml"))
    seen.append(idle["IdleCuller"]["hub_url"])
    assert all(each.startswith("https://127.0.0.1:") for each in seen)
    assert values["JupyterHub"]["hub_bind_url"] == "http://10.213.0.1:8081"
    api = programs["idle-culler"].environment["JUPYTERHUB_API_URL"]
    assert api == "http://10.213.0.1:8081/hub/api"


def test_nothing_is_asked_without_checking_whom_one_speaks_to(https):
    authority = str(certificate_files(https).authority)
    programs = _programs(https)
    for name in ("dex", "hub"):
        probe = shlex.join(programs[name].probe)
        assert f"--cacert {authority}" in probe
        assert " -k" not in probe
        assert "https://127.0.0.1:" in probe
    values = yaml.safe_load(_file(programs["hub"], "values.yaml"))
    assert values["DexOAuthenticator"]["http_request_kwargs"] == {"ca_certs": authority}
    write_people_file(https, load_secrets(https))
    assert read_configuration(people_file(https)).hub.trusted().get_ca_certs()


def test_a_certificate_that_is_renewed_restarts_who_shows_it(https):
    files = certificate_files(https)
    programs = _programs(https)
    assert set(files.served) <= set(programs["proxy"].sources)
    assert set(files.served) <= set(programs["dex"].sources)
    assert f"--ssl-key={files.server_key}" in programs["proxy"].command
    web = yaml.safe_load(_file(programs["dex"], "dex.yaml"))["web"]
    expected = {"tlsCert": str(files.server), "tlsKey": str(files.server_key)}
    assert web.items() >= {"https": "127.0.0.1:18395", **expected}.items()


def test_cookies_that_went_over_http_open_nothing_at_https(https):
    secrets = [_file(_programs(each)["hub"], "cookie_secret") for each in (https, Instance("unit"))]
    assert secrets[0] != secrets[1]
    again = [_file(_programs(each)["hub"], "cookie_secret") for each in (https, Instance("unit"))]
    assert again == secrets  # after a restart, nobody has to sign in


def test_without_https_nothing_names_a_certificate():
    programs = _programs(Instance("unit", 18393))
    for each in programs.values():
        said = shlex.join([*each.command, *each.probe, *each.files.values()])
        assert "/https/" not in said
    assert "https" not in programs["port-forward"].command


def test_later_commands_know_how_the_platform_is_reached(https):
    https.save()
    assert load("unit") == https
    (https.state / "instance.json").write_text('{"port": 18393}')  # of an earlier version
    assert load("unit") == Instance("unit", 18393, https=False)
    assert saved("nosuch") is None


def test_status_says_what_a_browser_has_to_trust(https, capsys, monkeypatch):
    monkeypatch.setattr(running, "_programs", lambda _: [])
    https.save()
    main(["status", "--name", "unit", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["url"] == "https://127.0.0.1:18393"
    assert found["authority"] == str(certificate_files(https).authority)
    main(["status", "--name", "unit"])
    assert str(certificate_files(https).authority) in capsys.readouterr().out


@pytest.mark.parametrize("before", [True, False])
def test_a_switch_is_told_and_what_comes_of_it(https, before, capsys, monkeypatch):
    monkeypatch.setattr(running, "up", lambda *_, **__: Platform(https, {}, "catalogue"))
    Instance("unit", 18393, before).save()
    assert main(["up", "--name", "unit", "--port", "18393", "--https"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "runs at https://127.0.0.1:18393" in said
    assert str(certificate_files(https).authority) in said
    assert ("everybody signs in again" in said) == (not before)


def test_a_cluster_without_hub_has_nothing_to_serve_by_https(capsys):
    with pytest.raises(SystemExit):
        main(["up", "--https", "--only-cluster"])
    assert "not allowed with argument" in capsys.readouterr().err
