"""What kernels publish, as it comes to stand in a notebook."""

import json
import os

import pytest
from gpucommons_lab.cell_outputs import CellOutputs, overwritten
from gpucommons_lab.executions import Execution, Executions
from gpucommons_lab.notebook_file import NotebookFile
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


def stream(text, name="stdout"):
    return "stream", {"name": name, "text": text}


def display(text, display_id=None):
    transient = {"display_id": display_id} if display_id else {}
    return "display_data", {
        "data": {"text/plain": text},
        "metadata": {},
        "transient": transient,
    }


def outputs_of(*messages):
    outputs = CellOutputs()
    for kind, content in messages:
        outputs.add(kind, content)
    return outputs.to_json()


def test_what_is_printed_bit_by_bit_is_one_output():
    (output,) = outputs_of(stream("a"), stream("b\n"))
    assert output == {"output_type": "stream", "name": "stdout", "text": "ab\n"}


@pytest.mark.parametrize(
    ("written", "shown"),
    [("10%\r20%", "20%"), ("long\rab", "abng"), ("a\r\nb", "a\nb"), ("a\r", "a\r")],
)
def test_a_carriage_return_writes_over_the_line(written, shown):
    assert overwritten(written) == shown


def test_a_progress_bar_that_comes_in_pieces_stays_one_line():
    (output,) = outputs_of(stream("\r 10%", "stderr"), stream("\r100%", "stderr"))
    assert output["text"] == "100%"


def test_clearing_can_wait_for_what_comes_next():
    before = [stream("old"), ("clear_output", {"wait": True})]
    assert outputs_of(*before)[0]["text"] == "old"
    assert [each["text"] for each in outputs_of(*before, stream("new"))] == ["new"]


def test_a_display_is_updated_in_its_place():
    _, update = display("after", "d")
    shown = outputs_of(display("before", "d"), stream("x"), ("update_display_data", update))
    assert shown[0]["data"] == {"text/plain": "after"}
    assert "transient" not in shown[0]


@pytest.fixture
def ran():
    """A cell that printed 1 and ended."""
    executions = Executions()
    executions.ask("m", Execution("c", "page", "print(1)"))
    for kind, content in [
        ("execute_input", {"execution_count": 3}),
        stream("1\n"),
        ("status", {"execution_state": "idle"}),
    ]:
        executions.hear("m", kind, content)
    return executions


@pytest.fixture
def notebook(tmp_path):
    def write(source="print(1)", cell_id="c"):
        cell = {
            "cell_type": "code",
            "id": cell_id,
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        file = tmp_path / "a.ipynb"
        content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        file.write_text(json.dumps(content))
        os.utime(file, (1, 1))  # saved long before the cell ran
        return file

    return write


@pytest.fixture
def contents(tmp_path):
    return AsyncLargeFileManager(root_dir=str(tmp_path))


def cells_in(file):
    return json.loads(file.read_text())["cells"]


async def test_output_goes_into_the_cell_that_ran(contents, notebook, ran):
    file = notebook()
    await NotebookFile(contents, "a.ipynb").write(ran, list(ran))
    (cell,) = cells_in(file)
    assert cell["execution_count"] == 3
    assert "".join(cell["outputs"][0]["text"]) == "1\n"


@pytest.mark.parametrize("saved", [{"source": "print(2)"}, {"cell_id": "other"}])
async def test_a_cell_that_was_not_saved_as_it_ran_gets_a_cell_of_its_own(
    contents, notebook, ran, saved
):
    file = notebook(**saved)
    kept = NotebookFile(contents, "a.ipynb")
    await kept.write(ran, list(ran))
    await kept.write(ran, list(ran))
    before, new = cells_in(file)
    assert before["outputs"] == []
    assert "".join(new["source"]) == "print(1)"
    assert "".join(new["outputs"][0]["text"]) == "1\n"


async def test_a_cell_that_ended_before_its_page_saved_is_left_as_the_page_saved_it(
    contents, notebook, ran
):
    file = notebook()
    file.touch()
    await NotebookFile(contents, "a.ipynb").write(ran, list(ran))
    assert cells_in(file)[0]["outputs"] == []


async def test_a_page_that_comes_back_finds_the_file_as_it_knows_it(contents, notebook, ran):
    file = notebook()
    known = file.read_text()
    kept = NotebookFile(contents, "a.ipynb")
    await kept.write(ran, list(ran))
    assert file.read_text() != known
    await kept.take_back()
    assert file.read_text() == known


async def test_what_somebody_else_wrote_meanwhile_is_not_taken_back(contents, notebook, ran):
    file = notebook()
    kept = NotebookFile(contents, "a.ipynb")
    await kept.write(ran, list(ran))
    notebook("theirs")
    await kept.take_back()
    assert cells_in(file)[0]["source"] == "theirs"
