"""Commands that pages show: ours take these arguments, and a test runs those for a cluster.

Or the page says that none does.
"""

import re
from pathlib import Path

import pytest
from reference_pages import command_line
from reference_pages.project import ROOT, programs

from .shell_commands import DOCS, NOT_RUN, Shown, commands

_TUTORIAL = DOCS / "tutorial" / "install-on-your-cluster.md"
_LOCAL = "run-the-local-platform"
"""Of the pages for platform engineers, the one that is about no cluster of theirs."""

_INIT = "tests/unit/installer/test_command.py::"
_CATALOGUE = "tests/unit/config/test_catalogue_command.py::"
_PEOPLE = "tests/unit/people/test_command.py::"
_OBJECTS = "tests/hub/people/test_objects_applied.py::test_a_second_apply_changes_nothing"
_COPIED = "tests/hub/test_database_copy.py::test_a_copy_brings_back_what_the_older_hub_can_use"
_DRAINED = "tests/hub/spawner/test_drain.py::"
_ROTATED = "tests/hub/test_rotation.py::"
_UPGRADED = "tests/installed/test_upgrade.py::"
RUN_BY = {
    r"gpucommons init \S+ --update --dry-run": "tests/unit/installer/test_upgrade.py::"
    "test_a_dry_run_says_what_would_change_and_changes_nothing",
    r"gpucommons init \S+ --update": _INIT
    + "test_an_update_writes_what_nobody_changed_and_shows_the_rest",
    r"gpucommons init": _INIT + "test_a_folder_is_written_and_says_what_to_do_next",
    r"gpucommons catalogue check --digests": _CATALOGUE + "test_a_pipeline_can_demand_digests",
    r"gpucommons catalogue check": _CATALOGUE + "test_a_catalogue_without_mistakes_passes",
    r"gpucommons doctor .*--values": "tests/unit/doctor/test_hub_values.py::"
    "test_the_command_takes_the_files_that_helm_takes",
    r"gpucommons doctor .*--only": "tests/unit/doctor/test_command.py::"
    "test_faults_are_shown_with_what_to_do",
    r"gpucommons doctor --after": "tests/hub/test_doctor_after.py::"
    "test_with_a_password_all_steps_are_good_and_nothing_is_left",
    r"gpucommons team (apply|add)": "tests/cluster/test_people.py::"
    "test_a_team_made_by_command_can_be_chosen_without_a_restart",
    r"gpucommons team remove": _PEOPLE + "test_a_team_is_removed_with_all_in_it_when_that_is_said",
    r"gpucommons slo report": "tests/hub/test_slo_report.py::"
    "test_what_is_printed_says_what_is_not_known",
    r"gpucommons (team|workspace) list": _PEOPLE + "test_every_view_has_json",
    r"gpucommons workspace grow": "tests/hub/people/test_workspaces_in_cluster.py::"
    "test_a_workspace_grows_and_its_driver_is_waited_for",
    r"gpucommons user add": _PEOPLE + "test_a_person_is_added_shown_listed_and_removed",
    r"gpucommons vpn (add|list|remove)": _PEOPLE + "test_devices_are_added_listed_and_removed",
    r"gpucommons notice (send|withdraw)": _PEOPLE + "test_a_notice_is_sent_listed_and_taken_back",
    r"gpucommons node drain .*--dry-run": _DRAINED
    + "test_a_drain_tells_waits_saves_stops_and_reports",
    r"gpucommons node (drain|report|list|give-back)": _DRAINED
    + "test_a_drain_tells_waits_saves_stops_and_reports",
    r"bash installation/secrets/make\.sh": "tests/unit/installer/test_secrets.py::"
    "test_run_again_it_changes_nothing_and_makes_what_is_lacking_with_the_same_values",
    r"kubectl kustomize installation$": "tests/unit/installer/test_rendering.py::"
    "test_kustomize_renders_each_folder",
    r"kubectl apply --server-side -k cluster/(base|network-policies)$": _OBJECTS,
    r"kubectl (cordon|uncordon|taint node|label node|drain|delete node) gpu-": _DRAINED
    + "test_what_the_runbooks_do_with_nodes_is_what_kubernetes_does",
    r"bash cluster/rotate\.sh (dex-client|database)": _ROTATED
    + "test_what_two_programs_know_each_other_by_is_the_same_at_both",
    r"bash cluster/rotate\.sh cookie-secret --leaked": _ROTATED
    + "test_a_second_secret_of_cookies_waits_until_the_one_before_is_over",
    r"bash cluster/rotate\.sh (crypt-keys|cookie-secret|proxy-token|token)": _ROTATED
    + "test_people_stay_signed_in_and_reach_their_sessions_when_the_hubs_credentials_are_replaced",
    r"kubectl -n gpucommons rollout (restart|status)": _UPGRADED
    + "test_who_waits_for_a_gpu_keeps_the_place_over_a_new_hub_and_starts_when_one_is_free",
    r"kubectl -n gpucommons scale": _UPGRADED
    + "test_a_hub_that_finds_tables_of_jupyterhub_5_changes_them_and_keeps_what_is_in_them",
    r"kubectl -n dex (patch|delete) signingkeies": "tests/hub/people/test_dex_credentials.py::"
    "test_dex_signs_with_another_key_and_nobody_is_signed_out",
    r"kubectl -n gpucommons exec .* (--dbname hub |hub >)": "tests/hub/spawner/"
    "test_on_postgresql.py::"
    "test_sessions_go_on_when_an_older_copy_of_the_database_is_brought_back",
    r"kubectl -n gpucommons exec .* -- +(psql|pg_dump|pg_restore) ": _COPIED,
}
"""Which test runs a command: with files of its own, and all that the command needs."""


def _cluster_pages() -> list[Path]:
    index = (DOCS / "how-to" / "index.md").read_text()
    (listed,) = re.findall(r":caption: Running the platform\n\n(.*?)```", index, re.DOTALL)
    names = [name for name in listed.split() if name != _LOCAL]
    runbooks = sorted((DOCS / "runbooks" / "operations").glob("*.md"))
    return [_TUTORIAL, *(DOCS / "how-to" / f"{name}.md" for name in names), *runbooks]


def _is_ours(shown: Shown) -> bool:
    return Path(shown.words[0]).name == "gpucommons"


_PAGES = {str(page.relative_to(DOCS)): page for page in sorted(DOCS.rglob("*.md"))}
_WITH_OURS = [name for name, page in _PAGES.items() if any(map(_is_ours, commands(page)))]


@pytest.fixture(scope="module")
def parser():
    return command_line.parser_of("gpucommons", programs()["gpucommons"])


@pytest.mark.parametrize("page", _WITH_OURS)
def test_our_commands_take_the_arguments_that_a_page_gives_them(parser, page, capsys):
    for shown in filter(_is_ours, commands(_PAGES[page])):
        try:
            parser.parse_args(shown.words[1:])
        except SystemExit:
            pytest.fail(f"{shown.text}\n{capsys.readouterr().err}")


@pytest.mark.parametrize("page", _cluster_pages(), ids=lambda page: page.stem)
def test_a_command_for_a_cluster_is_run_by_a_test_or_says_that_it_is_not(page):
    open_to_doubt = [
        each.text
        for each in commands(page)
        if not each.not_run and not any(re.search(pattern, each.text) for pattern in RUN_BY)
    ]
    assert not open_to_doubt, f"Name a test in RUN_BY, or write '{NOT_RUN}needs …' above them."


def test_every_test_that_runs_a_command_exists():
    lost = []
    for node in set(RUN_BY.values()):
        file, _, name = node.partition("::")
        found = ROOT / file
        if not found.is_file() or not re.search(rf"def {name}\(", found.read_text()):
            lost.append(node)
    assert not lost


def test_every_test_is_for_a_command_that_a_page_shows():
    texts = [each.text for page in _cluster_pages() for each in commands(page)]
    assert not [each for each in RUN_BY if not any(re.search(each, text) for text in texts)]


def test_commands_are_read_as_a_shell_reads_them(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.unit.docs.shell_commands.ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\nmake up\n# Not run here: needs a cluster.\nkubectl get pods \\\n    -A |\n  wc -l\n"
        "# Then:\nfor each in a b; do\n    helm list   # all\ndone\n```\n\n"
        "   ```console\n   $ gpucommons status > file\n   well\n   ```\n\n"
        "```yaml\nno: command\n```\n"
    )
    found = list(commands(page))
    assert [(each.text, each.not_run) for each in found] == [
        ("make up", ""),
        ("kubectl get pods -A | wc -l", "needs a cluster."),
        ("helm list   # all", "needs a cluster."),
        ("gpucommons status > file", ""),
    ]
    assert [each.words for each in found[2:]] == [["helm", "list"], ["gpucommons", "status"]]
