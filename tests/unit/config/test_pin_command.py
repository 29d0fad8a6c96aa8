"""``gpucommons catalogue pin``, as an administrator or a pipeline calls it."""

import base64
import json
import re

import pytest
from gpucommons_config.command import main
from gpucommons_spawner.catalogue.environment import utc_today
from gpucommons_spawner.catalogue.file import checked_catalogue

from tests.unit.config.played_registry import Registry, Reply, serving

TEXT = """\
# What people may choose.  HOST/lab/scipy:1 is not here.
require_digests: true   # in production

environments:
  scipy:
    display_name: "SciPy"
    versions:
      "2": {image: 'HOST/lab/scipy:2', default: true}  # the newest
      "1": {image: HOST/lab/scipy:1}

  torch:
    display_name: PyTorch
    versions:
      new:
        image:   "HOST/lab/torch"   # whatever is latest
sizes:
    cpu: {display_name: CPU,   cpu: 1, memory: 1Gi}
"""


@pytest.fixture
def registry():
    with serving(Registry()) as registry:
        registry.push("lab/scipy", "1")
        registry.push("lab/scipy", "2")
        registry.push("lab/torch", "latest", "linux/arm64")
        yield registry


@pytest.fixture
def file(tmp_path, registry, monkeypatch):
    """A catalogue; nobody's credentials are looked at."""
    for variable in ("REGISTRY_AUTH_FILE", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    file = tmp_path / "catalogue.yaml"
    file.write_text(TEXT.replace("HOST", registry.host))
    return file


@pytest.fixture
def pin(capsys, file):
    """Run the command on the catalogue; return exit code, output and complaints."""

    def pin(*arguments: object) -> tuple[int, str, str]:
        code = main(["catalogue", "pin", str(file), *map(str, arguments)])
        written = capsys.readouterr()
        return code, written.out, written.err

    return pin


def _without_digests(text: str) -> str:
    return re.sub(r"(:latest)?@sha256:[0-9a-f]{64}", "", text)


def test_every_tag_is_written_with_its_digest_and_nothing_else_changes(pin, file, registry):
    before = file.read_text()
    code, out, err = pin()
    scipy, torch = (registry.tags[each] for each in (("lab/scipy", "2"), ("lab/torch", "latest")))
    assert (code, err) == (0, "")
    assert f"      \"2\": {{image: '{registry.host}/lab/scipy:2@{scipy}', default: true}}" in (
        file.read_text()
    )
    assert (
        f'        image:   "{registry.host}/lab/torch:latest@{torch}"   # what' in file.read_text()
    )
    assert _without_digests(file.read_text()) == before
    lines = out.splitlines()
    assert lines[0] == (
        f"{file}:8: environments.scipy.versions.2.image: {registry.host}/lab/scipy:2 is {scipy}"
    )
    assert lines[-1] == f"{file}: 3 pinned."
    checked_catalogue(file, utc_today(), digests=True)


def test_a_second_time_changes_nothing_and_downloads_nothing(pin, file, registry):
    pin()
    written, asked = file.stat().st_ino, len(registry.asked)
    assert pin() == (0, f"{file}: 3 unchanged.\n", "")
    assert file.stat().st_ino == written
    assert "GET" not in {each.method for each in registry.asked[asked:]}


def test_a_tag_that_has_moved_is_told_and_written(pin, file, registry):
    pin()
    old, new = registry.tags["lab/scipy", "2"], registry.push("lab/scipy", "2", seed="newer")
    code, out, err = pin()
    assert (code, err) == (0, "")
    assert f"lab/scipy:2 is another image now: {new}, before {old}\n" in out
    assert out.endswith(f"{file}: 1 moved, 2 unchanged.\n")
    assert old not in file.read_text()
    assert new in file.read_text()


def test_a_dry_run_writes_nothing(pin, file, registry):
    before = file.read_text()
    code, out, err = pin("--dry-run")
    assert (code, err) == (0, "")
    assert out.count(" is sha256:") == 3
    assert out.endswith(f"{file}: 3 to be pinned. Nothing was written.\n")
    assert file.read_text() == before


def test_a_check_fails_as_long_as_something_would_change(pin, file):
    before = file.read_text()
    assert pin("--check")[0] == 1
    assert file.read_text() == before
    pin()
    assert pin("--check") == (0, f"{file}: 3 unchanged.\n", "")


@pytest.mark.parametrize(
    ("only", "pinned"),
    [
        (["torch"], {"lab/torch"}),
        (["scipy:1"], {"lab/scipy:1"}),
        (["scipy:1", "torch:new"], {"lab/scipy:1", "lab/torch"}),
        (["scipy"], {"lab/scipy:1", "lab/scipy:2"}),
    ],
)
def test_only_what_is_named_is_looked_up_and_written(pin, file, registry, only, pinned):
    before = file.read_text()
    assert pin(*(word for each in only for word in ("--only", each)))[0] == 0
    changed = set(file.read_text().splitlines()) - set(before.splitlines())
    assert {re.search(r"lab/[^@'\"]*", each)[0].removesuffix(":latest") for each in changed} == (
        pinned
    )
    assert _without_digests(file.read_text()) == before
    asked = {path.split("/manifests/")[0] for _, path in registry.questions()}
    assert asked == {f"/v2/{each.partition(':')[0]}" for each in pinned}


@pytest.mark.parametrize(
    ("only", "says"),
    [
        ("sciPy", "there is no environment 'sciPy'; environments are scipy, torch"),
        ("scipy:3", "scipy has no version '3'; its versions are 2, 1"),
        ("scipy:", "scipy has no version ''; its versions are 2, 1"),
    ],
)
def test_what_the_catalogue_does_not_have_is_refused(pin, file, only, says):
    assert pin("--only", only) == (1, "", f"{file}: {says}\nNothing was written.\n")


def test_a_digest_without_tag_is_left_as_it_is(pin, file, registry):
    text = file.read_text().replace("lab/scipy:1}", f"lab/gone@sha256:{'1' * 64}}}")
    file.write_text(text)
    code, out, err = pin()
    assert (code, err) == (0, "")
    assert f"{file}:9: environments.scipy.versions.1.image: left as it is: a digest" in out
    assert out.endswith(f"{file}: 2 pinned, 1 left.\n")
    assert f"lab/gone@sha256:{'1' * 64}}}" in file.read_text()


def test_versions_with_one_image_are_asked_for_once(pin, file, registry):
    file.write_text(file.read_text().replace("lab/scipy:2", "lab/scipy:1"))
    assert pin()[0] == 0
    asked = [path for _, path in registry.questions() if "scipy" in path]
    assert len(asked) == 2
    assert file.read_text().count(registry.tags["lab/scipy", "1"]) == 2


def test_a_digest_that_one_version_has_is_checked_for_another_that_lacks_it(pin, file, registry):
    pin("--only", "scipy:1")
    file.write_text(file.read_text().replace("lab/scipy:2", "lab/scipy:1"))
    asked = len(registry.questions())
    assert pin("--only", "scipy")[0] == 0
    digest = registry.tags["lab/scipy", "1"]
    assert registry.questions()[asked:] == [
        ("HEAD", "/v2/lab/scipy/manifests/1"),
        ("GET", f"/v2/lab/scipy/manifests/{digest}"),
    ]


def test_one_image_that_cannot_be_found_keeps_all_from_being_written(pin, file, registry):
    del registry.tags["lab/scipy", "1"]
    del registry.tags["lab/torch", "latest"]
    before = file.read_bytes()
    code, _, err = pin()
    assert code == 1
    told = err.splitlines()
    assert told[0].startswith(
        f"{file}:9: environments.scipy.versions.1.image: {registry.host} has no lab/scipy:1 (MANI"
    )
    assert told[1].startswith(f"{file}:15: environments.torch.versions.new.image: ")
    assert told[2:] == ["Nothing was written."]
    assert file.read_bytes() == before


def test_an_image_for_other_machines_is_a_warning(pin, file):
    code, out, err = pin("--platform", "linux/amd64")
    assert (code, out.splitlines()[-1]) == (0, f"{file}: 3 pinned.")
    assert err == (
        f"{file}:15: warning: environments.torch.versions.new.image: is not for linux/amd64, only "
        "for linux/arm64; it does not start on such nodes\n"
    )
    assert pin("--platform", "linux/arm64", "--only", "torch") == (0, f"{file}: 1 unchanged.\n", "")


def test_a_program_gets_one_json_document(pin, file, registry):
    code, out, err = pin("--json", "--platform", "linux/amd64")
    report = json.loads(out)
    assert (code, err) == (0, "")
    assert (report["file"], report["written"], report["changes"]) == (str(file), True, 3)
    digest = registry.tags["lab/torch", "latest"]
    assert report["images"][2] == {
        "environment": "torch",
        "version": "new",
        "line": 15,
        "outcome": "pinned",
        "before": f"{registry.host}/lab/torch",
        "after": f"{registry.host}/lab/torch:latest@{digest}",
        "digest": digest,
        "platforms": ["linux/arm64"],
    }
    (warning,) = report["problems"]
    assert (warning["line"], warning["warning"]) == (15, True)


def test_a_program_gets_errors_in_the_document_too(pin, file, registry):
    registry.tags.clear()
    code, out, err = pin("--json")
    report = json.loads(out)
    assert (code, err, report["written"], report["images"]) == (1, "", False, [])
    assert [each["key"] for each in report["problems"]] == [
        "environments.scipy.versions.2.image",
        "environments.scipy.versions.1.image",
        "environments.torch.versions.new.image",
    ]


def test_a_catalogue_with_mistakes_is_not_touched(pin, file, registry):
    file.write_text(file.read_text().replace("cpu: 1,", "cpu: lots,"))
    code, out, err = pin()
    assert (code, out) == (1, "")
    assert err.startswith(f"{file}:17: sizes.cpu.cpu: 'lots' is not an amount")
    assert registry.asked == []


def test_a_file_that_is_not_there_is_told(pin, file):
    file.unlink()
    code, out, err = pin()
    assert (code, out) == (1, "")
    assert err == f"{file}: cannot be read: No such file or directory\nNothing was written.\n"


def test_a_file_that_changes_while_registries_are_asked_is_not_overwritten(pin, file, registry):
    theirs = file.read_text() + "# a thought\n"

    def write(_request: object) -> None:
        file.write_text(theirs)

    registry.instead = write
    code, _, err = pin()
    assert code == 1
    assert "somebody changed it meanwhile; run the command again" in err
    assert file.read_text() == theirs


def test_line_ends_and_the_mark_at_the_beginning_stay(pin, file):
    content = b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n")
    file.write_bytes(content)
    assert pin()[0] == 0
    assert file.read_bytes() != content
    assert _without_digests(file.read_bytes().decode()).encode() == content


def test_credentials_are_those_of_the_file_that_is_named(pin, file, registry, tmp_path):
    registry.requires_password("ada", "secret")
    auth = tmp_path / "auth.json"
    coded = base64.b64encode(b"ada:secret").decode()
    auth.write_text(json.dumps({"auths": {registry.host: {"auth": coded}}}))
    assert pin()[0] == 1
    assert pin("--authfile", auth)[0] == 0


def test_credentials_are_found_where_docker_keeps_them(pin, registry, tmp_path):
    registry.requires_password("ada", "secret")
    (tmp_path / "home/.docker").mkdir(parents=True)
    coded = base64.b64encode(b"ada:secret").decode()
    config = {"auths": {registry.host: {"auth": coded}}}
    (tmp_path / "home/.docker/config.json").write_text(json.dumps(config))
    assert pin()[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--authfile", "/nowhere.json"], "/nowhere.json: there is no such file"),
        (["--ca-file", "/nowhere.pem"], "/nowhere.pem: cannot be used: No such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(pin, arguments, says):
    code, out, err = pin(*arguments)
    assert (code, out) == (1, "")
    assert says in err
    assert err.endswith("Nothing was written.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--platform", "amd64"], "write OS/ARCHITECTURE, such as linux/amd64"),
        (["--plain-http", "http://host"], "write HOST or HOST:PORT"),
        (["--timeout", "0"], "write seconds, 3600 at most"),
        (["--timeout", "nan"], "write seconds, 3600 at most"),
        (["--check", "--dry-run"], "not allowed with argument"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(pin, capsys, arguments, says):
    with pytest.raises(SystemExit) as ended:
        pin(*arguments)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_a_registry_that_is_away_for_one_image_keeps_all_from_being_written(pin, file, registry):
    before = file.read_bytes()
    registry.instead = lambda request: Reply(503) if "torch" in request.path else None
    code, out, err = pin()
    assert (code, out) == (1, "")
    assert f"{registry.host} cannot answer now (503); try again later\n" in err
    assert file.read_bytes() == before
