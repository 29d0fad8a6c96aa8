"""The commands: fast to start, plain for people, one JSON document for programs."""

import argparse
import json
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta

import pytest
from gpucommons_people import command, operations, people
from gpucommons_people.clients.kinds import CLAIMS, NAMESPACES, PODS, STORAGE_CLASSES
from gpucommons_people.files.configuration import VARIABLE
from gpucommons_people.private_access.keys import new_keys

from .test_private_access import with_private_access

ADA = "ada@example.org"
MANY = {"team_folder_class": "many"}


@pytest.fixture
def gpucommons(world, tmp_path, monkeypatch):
    """Give a command on the world in memory: ``gpucommons("user", "list")`` is its exit code."""
    file = tmp_path / "people.yaml"
    file.write_text("address: https://hub.example.org\n")
    monkeypatch.delenv(VARIABLE, raising=False)

    @asynccontextmanager
    async def opened(configuration, who, patience):
        yield world.it

    monkeypatch.setattr(people, "opened", opened)

    def run(*words, config=file):
        parser = argparse.ArgumentParser()
        command.add_parsers(parser.add_subparsers(required=True), operations.run, lambda: config)
        arguments = parser.parse_args(words)
        return arguments.run(arguments)

    return run


def test_reading_the_arguments_imports_nothing_heavy():
    program = (
        "import argparse, sys; from gpucommons_people.command import add_parsers;"
        "add_parsers(argparse.ArgumentParser().add_subparsers(), print);"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    heavy = {"kubernetes_asyncio", "aiohttp", "httpx", "pydantic", "yaml", "rich", "bcrypt"}
    assert loaded & heavy == set()


def test_a_person_is_added_shown_listed_and_removed(gpucommons, capsys):
    assert gpucommons("user", "add", ADA, "--team", "vision", "--display-name", "Ada") == 0
    assert gpucommons("user", "show", ADA) == 0
    assert gpucommons("user", "list") == 0
    assert gpucommons("user", "remove", ADA) == 0
    output = capsys.readouterr().out
    for line in (
        "Done:\n  Create the account ada@example.org in vision.",
        "Groups    vision",
        "ada@example.org  Ada   vision",
        "  Delete the account of ada@example.org in Dex",
    ):
        assert line in output


def test_a_dry_run_says_what_would_be(gpucommons, capsys, world):
    assert gpucommons("user", "add", ADA, "--team", "vision", "--dry-run") == 0
    assert capsys.readouterr().out.startswith("Would do:\n  Create the account")
    assert world.plug.changes == 0


def test_nothing_to_do_is_said(gpucommons, capsys):
    gpucommons("user", "add", ADA, "--team", "vision")
    capsys.readouterr()
    assert gpucommons("user", "add", ADA, "--team", "vision") == 0
    assert capsys.readouterr().out == "ada@example.org: nothing to do.\n"


def test_json_is_one_document_and_errors_are_json_too(gpucommons, capsys):
    assert gpucommons("user", "add", ADA, "--team", "vision", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["changes"][0]["changed"] is True
    assert found["changes"][0]["data"]["teams"] == ["vision"]
    assert gpucommons("user", "add", ADA, "--team", "physics", "--json") == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["kind"] == "InputError"
    assert "no team physics" in error["message"]


@pytest.mark.parametrize(
    "words",
    [
        ("team", "list"),
        ("team", "show", "vision"),
        ("user", "list"),
        ("user", "show", ADA),
        ("workspace", "list"),
        ("workspace", "prune"),
    ],
)
def test_every_view_has_json(gpucommons, capsys, words, world):
    world.add_workspace(ADA, "vision")
    assert gpucommons(*words, "--json") == 0
    json.loads(capsys.readouterr().out)
    assert gpucommons(*words) == 0


def test_the_password_is_on_the_handout_alone(gpucommons, capsys, world):
    gpucommons("user", "add", ADA, "--json")
    text = world.it.handouts.file(ADA).read_text()
    password = next(line for line in text.splitlines() if "Password" in line).split("`")[1]
    output = capsys.readouterr()
    assert password not in output.out + output.err


def test_a_wrong_input_is_2_and_what_is_not_there_is_1(gpucommons, capsys, tmp_path):
    assert gpucommons("user", "add", "nobody") == 2
    assert gpucommons("user", "remove", ADA) == 1
    assert gpucommons("team", "show", "physics") == 1
    assert gpucommons("user", "remove", ADA, "--grace", "soon") == 2
    assert gpucommons("team", "apply", "-f", str(tmp_path / "none.yaml")) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_configuration_that_is_not_there_is_told(gpucommons, capsys, tmp_path):
    assert gpucommons("user", "list", config=tmp_path / "none.yaml") == 2
    assert "none.yaml cannot be read" in capsys.readouterr().err
    assert gpucommons("user", "list", "--config", str(tmp_path / "people.yaml")) == 0


def test_a_file_with_mistakes_lists_them_all(gpucommons, capsys, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email,name,teams\na,,\nb@x.org,,physics\n")
    assert gpucommons("user", "import", str(file)) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0].strip() for line in lines[1:]] == ["line 2", "line 3"]


def test_limits_that_are_not_given_stay(gpucommons, capsys):
    assert gpucommons("team", "add", "new", "--gpus", "4", "--display-name", "New") == 0
    assert gpucommons("team", "add", "new", "--sessions", "9") == 0
    capsys.readouterr()
    gpucommons("team", "show", "new", "--json")
    found = json.loads(capsys.readouterr().out)["team"]
    assert (found["gpus"], found["sessions"], found["display_name"]) == (4, 9, "New")


def test_limits_of_named_devices_are_given_one_by_one_and_shown(gpucommons, capsys):
    mig, gpu = "nvidia.com/mig-1g.10gb", "gpu.nvidia.com"
    assert gpucommons("team", "add", "new", "--resource", f"{mig}=4", "--device-class", "x=1") == 0
    assert f"limited to {mig} 4, x 1." in capsys.readouterr().out
    assert gpucommons("team", "add", "new", "--device-class", f"{gpu}=2") == 0
    assert f"Change device_classes of team new: x 1 → x 1, {gpu} 2." in capsys.readouterr().out
    assert gpucommons("team", "show", "new") == 0
    assert f"{mig}  not counted  4" in " ".join(capsys.readouterr().out.split(" "))
    assert gpucommons("team", "add", "new", "--resource", mig) == 2
    assert "must be written NAME=N" in capsys.readouterr().err


def test_sizes_of_new_workspaces_are_given_shown_and_taken_back(gpucommons, capsys):
    words = ("--workspace", "100Gi", "--workspace-of", "Ada@example.org=1Ti")
    assert gpucommons("team", "add", "new", *words) == 0
    assert gpucommons("team", "add", "new", "--workspace-of", "bob@example.org=2Ti") == 0
    assert "ada@example.org 1Ti → ada@example.org 1Ti, bob@example.org 2Ti." in (
        capsys.readouterr().out
    )
    assert gpucommons("team", "show", "new") == 0
    shown = "New workspaces: 100Gi; 1Ti for ada@example.org; 2Ti for bob@example.org"
    assert shown in capsys.readouterr().out
    assert gpucommons("team", "add", "new", "--workspace-of", f"{ADA}=") == 0
    capsys.readouterr()
    gpucommons("team", "show", "new", "--json")
    found = json.loads(capsys.readouterr().out)["team"]
    assert (found["workspace"], found["workspaces"]) == ("100Gi", {"bob@example.org": "2Ti"})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--workspace", "100GB"), "did you mean 100Gi?"),
        (("--workspace-of", ADA), "must be written EMAIL=AMOUNT"),
        (("--workspace-of", f"{ADA}=much"), "'much' is not an amount"),
        (("--storage", "1Ti", "--workspace", "2Ti"), "2Ti is more than storage, 1Ti"),
    ],
)
def test_a_size_that_cannot_be_is_told(gpucommons, capsys, world, words, says):
    assert gpucommons("team", "add", "new", *words) == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert world.plug.changes == 0


def test_a_workspace_is_grown_with_json_and_a_dry_run(gpucommons, capsys, world):
    world.add_workspace(ADA, "vision")
    world.cluster.objects[STORAGE_CLASSES, None, "fast"] = {"allowVolumeExpansion": True}
    claim = world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]
    claim["status"] = {"phase": "Bound", "capacity": {"storage": "100Gi"}}
    grow = ("workspace", "grow", ADA, "--team", "vision", "--to", "100Gi")
    assert gpucommons(*grow, "--dry-run") == 0
    assert capsys.readouterr().out == (
        "Would do:\n  Grow the workspace in team vision from 5Gi to 100Gi.\n"
    )
    assert world.plug.changes == 0
    assert gpucommons(*grow, "--json") == 0
    [change] = json.loads(capsys.readouterr().out)["changes"]
    assert (change["subject"], change["data"]["grown"], change["left"]) == (ADA, True, [])
    assert gpucommons(*grow) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert gpucommons("workspace", "grow", ADA, "--team", "vision", "--to", "5Gi") == 2


def test_a_team_cannot_be_called_as_the_administrators_group(gpucommons, capsys):
    assert gpucommons("team", "add", "admins") == 2
    assert "administer the hub" in capsys.readouterr().err


def test_a_move_says_what_stays(gpucommons, capsys, world, today):
    gpucommons("user", "add", ADA, "--team", "vision")
    world.add_workspace(ADA, "vision")
    world.add_session(ADA, "vision", "big")
    capsys.readouterr()
    assert gpucommons("user", "move", ADA, "--from", "vision", "--to", "robots") == 0
    output = capsys.readouterr().out
    assert "vision → robots" in output
    assert "Note: The session big of ada@example.org in team vision keeps running" in output
    until = today + timedelta(days=90)
    files = f"Note: The files in team vision are not moved. Until {until}, moving back finds"
    assert files in output
    assert gpucommons("user", "move", ADA, "--from", "vision", "--to", "robots") == 0
    again = capsys.readouterr().out
    assert "nothing to do" in again
    assert files in again


def test_a_move_of_somebody_without_files_says_nothing_of_files(gpucommons, capsys, world):
    gpucommons("user", "add", ADA, "--team", "vision")
    world.add_workspace("grace@example.org", "vision")
    capsys.readouterr()
    assert gpucommons("user", "move", ADA, "--from", "vision", "--to", "robots") == 0
    assert "files" not in capsys.readouterr().out


def test_a_session_in_the_old_team_is_stopped_when_that_is_said(gpucommons, world):
    gpucommons("user", "add", ADA, "--team", "vision")
    world.add_session(ADA, "vision", "big")
    world.hub.users = {ADA: ("big",)}
    words = ("user", "move", ADA, "--from", "vision", "--to", "robots", "--stop-sessions")
    assert gpucommons(*words) == 0
    assert world.hub.stopped == [(ADA, "big")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "robots", "--to", "vision"), None),
        (("--from", "vision"), "would be in no team"),
        (("--from", "vision", "--to", "vision"), "both the old and the new"),
        (("--from", "robots"), "is not in team robots"),
        (("--from", "vision", "--to", "physics"), "no team physics"),
    ],
)
def test_moves_that_make_no_sense_are_refused(gpucommons, capsys, words, says):
    gpucommons("user", "add", ADA, "--team", "vision")
    capsys.readouterr()
    code = gpucommons("user", "move", ADA, *words)
    assert (code == 0) is (says is None)
    assert (says or "nothing to do") in "".join(capsys.readouterr())


def test_a_notice_is_sent_listed_and_taken_back(gpucommons, capsys, world):
    assert gpucommons("notice", "send", "Maintenance.", "--for", "2h", "--user", ADA) == 0
    capsys.readouterr()
    assert gpucommons("notice", "list") == 0
    columns = capsys.readouterr().out.splitlines()[1].split("  ")
    assert [columns[0], columns[-1]] == ["platform", "Maintenance."]
    assert gpucommons("notice", "list", "--json") == 0
    (listed,) = json.loads(capsys.readouterr().out)["notices"]
    assert (listed["id"], listed["users"], listed["by"]) == ("platform", [ADA], "tester")
    assert gpucommons("notice", "withdraw") == 0
    capsys.readouterr()
    assert gpucommons("notice", "list") == 0
    assert capsys.readouterr().out == "No notice is in force.\n"


def test_a_notice_with_two_ends_is_refused(gpucommons, capsys):
    assert gpucommons("notice", "send", "Maintenance.", "--in", "2h", "--for", "1d") == 2
    assert "Give --in or --for, not both" in capsys.readouterr().err


def test_a_table_is_never_too_narrow_for_an_address(gpucommons, capsys, monkeypatch):
    long = "researcher-with-a-long-name@department.example.org"
    monkeypatch.setenv("COLUMNS", "60")
    until = f"{date.today() + timedelta(days=7)}"
    reason = "A deadline of which there is a good deal to say, as there always is"
    words = ("--user", long, "--gpus", "2", "--until", until, "--reason", reason)
    assert gpucommons("quota", "grant", *words) == 0
    capsys.readouterr()
    assert gpucommons("quota", "list") == 0
    output = capsys.readouterr().out
    assert long in output
    assert "…" not in output


def test_a_team_is_removed_with_all_in_it_when_that_is_said(gpucommons, capsys, world):
    world.add_workspace(ADA, "vision")
    assert gpucommons("team", "remove", "vision") == 1
    all_of_it = ("team", "remove", "vision", "--remove-members", "--delete-workspaces")
    assert gpucommons(*all_of_it, "--dry-run") == 0
    assert "team-vision" in world.left(NAMESPACES)
    capsys.readouterr()
    assert gpucommons(*all_of_it) == 0
    assert "Delete namespace team-vision with all that is in it." in capsys.readouterr().out
    assert "team-vision" not in world.left(NAMESPACES)


def test_what_a_team_uses_is_counted_where_no_quota_counts_it(gpucommons, capsys, world):
    world.add_workspace(ADA, "vision")
    for server, limits in (
        ("", {"nvidia.com/gpu": "1", "cpu": "500m", "memory": "8Gi"}),
        ("b", {}),
    ):
        world.add_session(ADA, "vision", server)
        pod = world.cluster.objects[PODS, "team-vision", f"jupyter-ada-{server}"]
        pod["spec"]["containers"] = [{"resources": {"limits": limits}}, {}]
    pod["status"] = {"phase": "Failed"}
    assert gpucommons("team", "show", "vision", "--json") == 0
    assert json.loads(capsys.readouterr().out)["used"] == {
        "gpus": "1",
        "gpu_shares": "0",
        "sessions": "1",
        "cpu": "0.5",
        "memory": "8Gi",
        "storage": "5Gi",
    }
    assert gpucommons("team", "show", "vision") == 0
    assert "GPUs        1     no limit" in capsys.readouterr().out


def test_an_import_says_whose_accounts_it_makes(gpucommons, capsys, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email,name,teams\na@x.org,,vision\nb@x.org,,robots\n")
    assert gpucommons("user", "import", str(file), "--dry-run") == 0
    assert "Create 2 accounts, of a@x.org, b@x.org; handouts" in capsys.readouterr().out


def test_a_snapshot_is_put_back_by_a_command_of_the_group_backup():
    asked = []
    parser = argparse.ArgumentParser()
    group = parser.add_subparsers(required=True).add_parser("backup").add_subparsers()
    command.add_backup_parsers(group, lambda arguments: asked.append(arguments) or 0)
    words = ("backup", "restore", ADA, "--team", "vision", "--reason", "lost", "--from", "a/b")
    arguments = parser.parse_args(words)
    assert arguments.run(arguments) == 0
    assert (arguments.operation, arguments.repository) == ("backup_restore", "a/b")
    assert arguments.operation in operations._OPERATIONS
    with pytest.raises(SystemExit):
        parser.parse_args(words[:5])  # without a reason
    with pytest.raises(SystemExit):
        parser.parse_args((*words, "--at", "2026-11-30", "--snapshot", "ab12cd34"))


def test_a_team_folder_is_given_shown_and_taken_back_and_its_files_go_by_a_command(
    gpucommons, capsys, world
):
    world.cluster.objects[STORAGE_CLASSES, None, "many"] = {"allowVolumeExpansion": True}
    words = ["--team-folder", "200Gi", "--team-folder-class", "many"]
    assert gpucommons("team", "add", "new", *words) == 0
    assert gpucommons("team", "add", "new", "--gpus", "4") == 0
    capsys.readouterr()
    assert gpucommons("team", "show", "new") == 0
    assert "Team folder: 200Gi, class many; last snapshot: never\n" in capsys.readouterr().out
    assert gpucommons("workspace", "list") == 0
    assert "(team folder)" in capsys.readouterr().out
    assert gpucommons("team", "delete-folder", "new") == 1
    assert gpucommons("team", "add", "new", "--team-folder", "none") == 0
    assert "Its files stay" in capsys.readouterr().out
    assert gpucommons("team", "delete-folder", "new") == 0
    capsys.readouterr()
    assert gpucommons("team", "show", "new") == 0
    assert "Team folder: none\n" in capsys.readouterr().out


def test_the_default_class_of_team_folders_is_the_installation_s(gpucommons, world):
    world.it = replace(world.it, configuration=world.configuration.model_copy(update=MANY))
    assert gpucommons("team", "add", "new", "--team-folder", "200Gi") == 2
    world.cluster.objects[STORAGE_CLASSES, None, "many"] = {}
    assert gpucommons("team", "add", "new", "--team-folder", "200Gi") == 0
    claim = world.cluster.objects[CLAIMS, "team-new", "team"]
    assert claim["spec"]["storageClassName"] == "many"


def test_devices_are_added_listed_and_removed(gpucommons, capsys, world):
    with_private_access(world)
    key = new_keys().public
    assert gpucommons("vpn", "list") == 0
    assert gpucommons("user", "add", ADA, "--team", "vision", "--wireguard-key", key) == 0
    assert gpucommons("vpn", "add", ADA, "--device", "phone") == 0
    assert gpucommons("vpn", "add", ADA, "--device", "phone", "--new-key") == 0
    assert gpucommons("vpn", "list", "--json") == 0
    assert gpucommons("vpn", "list", ADA) == 0
    assert gpucommons("user", "show", ADA) == 0
    assert gpucommons("vpn", "remove", ADA, "--device", "phone") == 0
    assert gpucommons("vpn", "add", ADA, "--wireguard-key", "no key") == 2
    output = capsys.readouterr()
    for line in (
        "No device is let in.",
        "  Let the device phone of ada@example.org in through WireGuard.",
        "  Let in no more: the device phone (10.88.0.3).",
        f'"public_key": "{key}"',
        "ada@example.org  phone   10.88.0.4  tester",
        "Devices   first (10.88.0.2), phone (10.88.0.4)",
        "  Let in through WireGuard no more: the device phone (10.88.0.4).",
    ):
        assert line in output.out
    assert "'no key' is not a public key of WireGuard" in output.err
