"""The program as a whole: what it says of itself, and how it ends."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest
from gpucommons_config.command import main
from gpucommons_config.idle.command import _normal_name

PROGRAM = [sys.executable, "-m", "gpucommons_config.command"]


@pytest.mark.parametrize("words", [["catalogue", "schema"], ["--help"], ["--version"]])
def test_a_reader_that_has_enough_ends_it_quietly(words):
    with subprocess.Popen(
        [*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        program.stdout.close()
        assert program.stderr.read() == ""
        assert program.wait() in {0, 141}  # argparse takes its own help for told


def test_an_error_that_nobody_reads_is_no_traceback(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)  # before it begins, or it may be told all before
    try:
        program = [*PROGRAM, "init", str(tmp_path)]
        done = subprocess.run(program, stdin=subprocess.DEVNULL, stderr=writer, check=False)
        assert done.returncode == 141
    finally:
        os.close(writer)


def test_the_help_is_in_plain_words(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    output = capsys.readouterr().out
    assert "Run GPU Commons" in output
    assert "``" not in output


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"gpucommons {version('gpucommons')}\n"


def test_names_for_the_culler_are_those_of_the_hub():
    assert _normal_name("user", "Ada@Example.org") == "ada@example.org"
    assert _normal_name("session", "Ada@Example.org/Night") == "ada@example.org/Night"
    assert _normal_name("team", "vision") == "vision"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["explain", "_ada@example.org"], "it begins with '_'"),
        (["exempt", "--user", "_ada", "--until", "2027-01-31", "--reason", "x"], "begins with"),
        (["exempt", "--team", "Vision", "--until", "2027-01-31", "--reason", "x"], "be a team"),
        (["exempt", "--user", "", "--until", "2027-01-31", "--reason", "x"], "it is empty"),
    ],
)
def test_a_name_that_nobody_can_have_is_refused_before_anybody_is_asked(capsys, words, says):
    assert main(["idle", *words]) == 1
    assert says in capsys.readouterr().err
