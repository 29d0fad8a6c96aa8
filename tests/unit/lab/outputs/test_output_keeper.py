"""Into which notebook, and where, the output of a cell goes whose page is gone."""

import asyncio
import difflib
import json

import nbformat
import pytest
from gpucommons_lab.documents.editing import CONTENTS_EVENTS, by_the_person
from gpucommons_lab.outputs.executions import Execution

from tests.unit.lab.outputs.notebooks import KERNEL, Home, OpenPage, code_cell, notebook

MINORS = pytest.mark.parametrize("minor", [2, 4, 5])


@pytest.fixture
def home(tmp_path, monkeypatch):
    return Home(tmp_path, monkeypatch)


@pytest.fixture
async def page(home):
    """A page of a notebook with one cell."""
    home.write(notebook(code_cell("print(1)")))
    return await OpenPage(home).open()


def is_valid(home, name="a.ipynb"):
    nbformat.validate(json.loads((home.folder / name).read_text()))
    return True


async def run_and_close(home, page, number=0, run="m", text="1\n"):
    page.run(number, run)
    home.publish(run, text)
    page.close()
    await home.pass_time()


async def test_output_goes_into_the_cell_that_ran(home, page):
    page.run(0, "m")
    home.kernel.executions.hear("m", "execute_input", {"execution_count": 3})
    page.close()
    home.publish("m", "1\n")
    await home.pass_time()
    assert home.printed() == ["1\n"]
    assert home.cells()[0]["execution_count"] == 3


async def test_an_open_page_writes_itself(home, page):
    page.run(0, "m")
    home.publish("m", "1\n")
    await home.pass_time()
    assert home.printed() == [""]


async def test_a_server_that_stops_writes_what_no_page_has(home, page):
    page.run(0, "m")
    home.publish("m", "1\n")
    page.close()
    await home.keeper.stop()
    assert home.printed() == ["1\n"]


async def run_without_a_word(home, cell_id):
    """Run a cell from a page that does not say what it shows, and close that."""
    home.keeper.page_came(KERNEL, "other", "its connection")
    home.keeper.cell_asked(KERNEL, Execution("m", cell_id, "other", "print(1)"))
    home.publish("m", "1\n")
    home.keeper.page_went(KERNEL, "other", "its connection")
    await asyncio.gather(*home.keeper._tasks)


@pytest.mark.parametrize("opened", ["a", "b"])
async def test_a_page_that_says_nothing_shows_the_only_notebook_that_has_the_cell(home, opened):
    home.write(notebook(code_cell("print(1)", cell_id="in-a")))
    home.write(notebook(code_cell("print(1)", cell_id="in-b")), "b.ipynb")
    for path in ("a.ipynb", "b.ipynb"):
        home.add_session(path)
    home.add_session("a.ipynb-console-1", "console")
    await run_without_a_word(home, f"in-{opened}")
    await home.contents.rename(f"{opened}.ipynb", "c.ipynb")
    await home.pass_time()
    assert home.printed("c.ipynb") == ["1\n"]


@pytest.mark.parametrize("cell_id", ["in-both", "in-none"])
async def test_a_page_that_says_nothing_writes_nothing_where_that_is_not_certain(home, cell_id):
    for path in ("a.ipynb", "b.ipynb"):
        home.write(notebook(code_cell("print(1)", cell_id="in-both")), path)
        home.add_session(path)
    await run_without_a_word(home, cell_id)
    await home.pass_time()
    await home.keeper.stop()
    assert home.printed("a.ipynb") == home.printed("b.ipynb") == [""]


async def test_what_a_console_runs_is_written_nowhere(home, page):
    home.add_session("a.ipynb")
    home.add_session("a.ipynb-console-1", "console")
    home.keeper.page_came(KERNEL, "console", "its connection")
    home.keeper.cell_asked(KERNEL, Execution("m", "of the console", "console", "token()"))
    home.publish("m", "secret\n")
    home.keeper.page_went(KERNEL, "console", "its connection")
    page.close()
    before = (home.folder / "a.ipynb").read_text()
    await home.pass_time()
    await home.keeper.stop()
    assert (home.folder / "a.ipynb").read_text() == before


async def test_a_console_that_stays_open_keeps_no_output_from_the_notebook(home, page):
    home.keeper.page_came(KERNEL, "console", "its connection")
    await run_and_close(home, page)
    assert home.printed() == ["1\n"]


@MINORS
async def test_of_two_notebooks_with_one_kernel_the_one_that_ran_gets_it(home, minor):
    """The second is a copy of the first: its cells have the same ids and code."""
    for name in ("a.ipynb", "b.ipynb"):
        home.write(notebook(code_cell("print(1)", minor), minor=minor), name)
    await OpenPage(home, "a.ipynb").open()
    await run_and_close(home, await OpenPage(home, "b.ipynb").open())
    assert home.printed("a.ipynb") == [""]
    assert home.printed("b.ipynb") == ["1\n"]


async def test_a_cell_that_was_never_saved_is_not_added_to_the_file(home, page):
    page.cells.append(code_cell("print(2)", cell_id="new"))
    await run_and_close(home, page, number=1)
    assert home.printed() == [""]


@MINORS
async def test_of_two_equal_cells_the_one_that_ran_gets_it(home, minor):
    cells = [code_cell("print(1)", minor, name) for name in "cd"]
    home.write(notebook(*cells, minor=minor))
    await run_and_close(home, await OpenPage(home).open(), number=1)
    assert home.printed() == ["", "1\n"]


@MINORS
async def test_a_cell_that_has_moved_is_found(home, minor):
    cells = [code_cell("print(1)", minor, name) for name in "cd"]
    home.write(notebook(*cells, minor=minor))
    page = await OpenPage(home).open()
    page.run(0, "m")
    page.cells.reverse()
    await page.save()
    home.publish("m", "1\n")
    page.close()
    await home.pass_time()
    assert home.printed() == ["", "1\n"]


@MINORS
@pytest.mark.parametrize("edited", [{"source": "print(2)"}, {"cell_type": "markdown"}])
async def test_a_cell_that_is_another_by_now_keeps_what_it_is(home, minor, edited):
    """The run gets a cell of its own below, once, however often it is written."""
    home.write(notebook(code_cell("print(1)", minor), minor=minor))
    page = await OpenPage(home).open()
    page.run(0, "m")
    page.cells[0] |= edited
    if "cell_type" in edited:
        del page.cells[0]["outputs"], page.cells[0]["execution_count"]
    await page.save()
    page.close()
    for _ in range(3):
        home.publish("m", "1\n")
        await home.pass_time()
    edit, own = home.cells()
    assert {name: "".join(edit[name]) for name in edited} == edited
    assert not edit.get("outputs")
    assert "".join(own["source"]) == "print(1)"
    assert home.printed()[1] == "1\n1\n1\n"
    assert is_valid(home)


async def test_a_cell_that_was_deleted_does_not_come_back(home):
    home.write(notebook(code_cell("print(1)"), code_cell("2", cell_id="d")))
    page = await OpenPage(home).open()
    page.run(0, "m")
    del page.cells[0]
    await page.save()
    home.publish("m", "1\n")
    page.close()
    await home.pass_time()
    assert home.printed() == [""]


async def test_an_old_notebook_that_another_program_changed_gets_it_where_that_is_certain(home):
    home.write(notebook(code_cell("print(1)", 2), minor=2))
    page = await OpenPage(home).open()
    page.run(0, "m")
    page.close()
    home.write(notebook(code_cell("0", 2), code_cell("print(1)", 2), minor=2))
    home.publish("m", "1\n")
    await home.pass_time()
    assert home.printed() == ["", "1\n"]
    home.write(notebook(*[code_cell("print(1)", 2)] * 2, minor=2))
    home.publish("m", "2\n")
    await home.pass_time()
    assert home.printed() == ["", "", "1\n2\n"]
    assert is_valid(home)


@MINORS
async def test_a_page_that_is_opened_meanwhile_shows_and_saves_it(home, minor):
    cells = [code_cell("print(1)", minor, name) for name in "cd"]
    home.write(notebook(*cells, minor=minor))
    first = await OpenPage(home).open()
    await run_and_close(home, first, number=1)
    second = await OpenPage(home).open()
    [run] = second.shown
    assert run.cell_id == second.cells[1]["id"]
    home.publish("m", "2\n")
    home.end("m")
    await home.pass_time()
    assert home.printed() == ["", "1\n"]  # the page's business now
    second.close()
    await home.pass_time()
    assert home.printed() == ["", "1\n2\n"]  # which it did not do


async def test_a_page_that_cannot_tell_its_cell_takes_nothing_over(home):
    home.write(notebook(code_cell("print(1)", 2), minor=2))
    page = await OpenPage(home).open()
    page.run(0, "m")
    home.publish("m", "1\n")
    page.close()
    home.write(notebook(code_cell("0", 2), code_cell("print(1)", 2), minor=2))
    second = await OpenPage(home).open()
    assert second.shown == []
    await second.save()
    home.end("m")
    second.close()
    await home.pass_time()
    assert home.printed() == ["", "1\n"]


async def test_what_a_page_has_saved_is_left_as_it_saved_it(home, page):
    page.run(0, "m")
    home.publish("m", "1\n")
    home.end("m")
    await page.save("m")  # with its output cleared
    page.close()
    await home.pass_time()
    assert home.printed() == [""]


async def test_a_page_that_was_saved_before_the_end_does_not_have_all(home, page):
    page.run(0, "m")
    await page.save()
    home.publish("m", "1\n")
    home.end("m")
    page.close()
    await home.pass_time()
    assert home.printed() == ["1\n"]


async def test_a_page_that_slept_finds_the_file_as_it_knows_it(home, page):
    known = (home.folder / "a.ipynb").read_text()
    await run_and_close(home, page)
    assert (home.folder / "a.ipynb").read_text() != known
    await page.come()
    assert (home.folder / "a.ipynb").read_text() == known
    page.close()
    await home.pass_time()
    assert home.printed() == ["1\n"]  # it went again and saved nothing


async def test_a_page_that_loaded_the_file_before_it_was_written_finds_it_so(home, page):
    second = await OpenPage(home).load()
    await run_and_close(home, page)
    known = second.hash
    await second.come()
    model = await home.contents.get("a.ipynb", content=False, require_hash=True)
    assert model["hash"] == known
    assert [each.id for each in second.shown] == ["m"]


async def test_a_page_that_loads_the_file_is_waited_for(home, page):
    await run_and_close(home, page)
    second = await OpenPage(home).load()
    home.publish("m", "2\n")
    await home.events.gather_listeners()
    await home.keeper._write_what_is_due()
    await second.come()
    assert home.printed() == ["1\n"]
    assert [each.id for each in second.shown] == ["m"]


async def test_what_somebody_else_wrote_meanwhile_is_not_taken_back(home, page):
    await run_and_close(home, page)
    home.write(notebook(code_cell("theirs")))
    await page.come()
    assert home.cells()[0]["source"] == "theirs"


async def test_what_somebody_writes_at_the_same_moment_stays(home, page, monkeypatch):
    read = home.keeper._document("a.ipynb").file._read

    async def read_and_be_overtaken():
        before = await read()
        home.write(notebook(code_cell("print(1)"), code_cell("theirs", cell_id="d")))
        return before

    page.run(0, "m")
    home.publish("m", "1\n")
    page.close()
    with monkeypatch.context() as patch:
        patch.setattr(home.keeper._document("a.ipynb").file, "_read", read_and_be_overtaken)
        await home.pass_time()
    assert home.printed() == ["", ""]
    await home.pass_time()
    assert home.printed() == ["1\n", ""]


async def test_what_ended_and_is_in_the_file_is_not_shown_over_something_newer(home, page):
    page.run(0, "m")
    home.publish("m", "1\n")
    home.end("m")
    page.close()
    await home.pass_time()
    home.write(notebook(code_cell("print(1)")) + "\n")  # somebody cleared it
    second = await OpenPage(home).open()
    assert second.shown == []
    second.close()
    await home.pass_time()
    assert home.printed() == [""]


async def test_a_renamed_notebook_is_written_under_its_new_name(home, page):
    (home.folder / "sub").mkdir()
    await run_and_close(home, page)
    await home.contents.rename("a.ipynb", "sub/b.ipynb")
    await home.events.gather_listeners()
    await home.contents.rename("sub", "other")
    home.publish("m", "2\n")
    await home.pass_time()
    assert home.printed("other/b.ipynb") == ["1\n2\n"]
    assert not (home.folder / "a.ipynb").exists()


async def test_a_deleted_notebook_does_not_come_back_nor_is_its_successor_written(home, caplog):
    home.write(notebook(code_cell("print(1)", 2), minor=2))
    page = await OpenPage(home).open()
    await run_and_close(home, page)
    await home.contents.delete("a.ipynb")
    home.publish("m", "2\n")
    await home.pass_time()
    assert not (home.folder / "a.ipynb").exists()
    home.write(notebook(code_cell("print(1)", 2), minor=2))
    home.publish("m", "3\n")
    await home.pass_time()
    assert home.printed() == [""]


@pytest.mark.parametrize("meanwhile", ["", None])
async def test_a_file_that_is_half_written_or_away_is_tried_again(home, page, caplog, meanwhile):
    await run_and_close(home, page)
    file = home.folder / "a.ipynb"
    before = file.read_text()
    file.unlink()
    if meanwhile is not None:
        file.write_text(meanwhile)
    home.publish("m", "2\n")
    for _ in range(3):
        await home.pass_time()
    assert caplog.text.count("could not be written into a.ipynb") == 1
    file.write_text(before)
    await home.pass_time()
    assert home.printed() == ["1\n2\n"]


async def test_a_page_that_comes_back_after_its_file_is_gone_ends_nothing(home, page, caplog):
    await run_and_close(home, page)
    (home.folder / "a.ipynb").unlink()
    await page.come()
    assert "could not be restored" in caplog.text
    assert [each.unwritten for each in home.kernel.executions] == [True]


@pytest.mark.parametrize("text", ["no JSON", '{"nbformat": 3, "worksheets": []}', "[]"])
async def test_what_is_no_notebook_of_format_4_stays_as_it_is(home, page, text):
    page.run(0, "m")
    home.publish("m", "1\n")
    page.close()
    home.write(text)
    await home.pass_time()
    assert (home.folder / "a.ipynb").read_text() == text


async def test_output_that_no_notebook_may_have_is_left_out_and_the_rest_kept(home, page):
    page.run(0, "m")
    home.kernel.executions.hear("m", "error", {"ename": 5})
    home.publish("m", "1\ud83d\n")  # half a character, as JSON can have it
    page.close()
    await home.pass_time()
    assert is_valid(home)
    assert "1?\n" in home.printed()
    await home.contents.get("a.ipynb", type="notebook")


async def test_what_else_is_in_the_file_stays_byte_for_byte(home):
    text = json.loads(notebook(code_cell("print(1)"), code_cell("é", cell_id="d")))
    text["cells"][1] |= {"source": ["a\n", "b"], "unknown": 1.0}
    text["metadata"] = {"z": 1, "a": [1e3]}
    home.write(json.dumps(text, ensure_ascii=False, indent=1) + "\n")
    page = await OpenPage(home).open()
    await run_and_close(home, page)
    now = (home.folder / "a.ipynb").read_text().splitlines()
    before = json.dumps(text, ensure_ascii=False, indent=1).splitlines()
    gone = [line for line in difflib.ndiff(before, now) if line.startswith("- ")]
    assert gone == ['-    "outputs": [],']


async def test_a_trusted_notebook_stays_trusted_and_another_does_not_become_so(home, page):
    html = {"data": {"text/html": "<script>"}, "metadata": {}}
    page.run(0, "m")
    home.kernel.executions.hear("m", "display_data", html)
    page.close()
    await home.pass_time()
    model = await home.contents.get("a.ipynb", type="notebook")
    assert model["content"]["cells"][0]["metadata"]["trusted"]
    foreign = code_cell("x", cell_id="d") | {"outputs": [{"output_type": "display_data", **html}]}
    home.write(notebook(code_cell("print(1)"), foreign))
    home.publish("m", "2\n")
    await home.pass_time()
    model = await home.contents.get("a.ipynb", type="notebook")
    assert not any(each["metadata"]["trusted"] for each in model["content"]["cells"])


async def test_a_big_notebook_is_written_by_another_process_in_the_same_way(home):
    big = code_cell("x", cell_id="d") | {
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "é" * 600_000}]
    }
    home.write(notebook(code_cell("print(1)"), big))
    page = await OpenPage(home).open()
    await run_and_close(home, page)
    assert home.printed() == ["1\n", "é" * 600_000]
    home.write("no JSON" * 100_000)
    home.publish("m", "2\n")
    await home.pass_time()
    assert (home.folder / "a.ipynb").read_text() == "no JSON" * 100_000


async def test_what_took_long_is_not_done_again_soon(home, page):
    document = home.keeper._document("a.ipynb")
    write = document.file.write

    async def slow(runs):
        home.now += 5
        await write(runs)

    document.file.write = slow
    await run_and_close(home, page)
    assert document.next_write == home.now + 45


async def test_keeping_is_nobodys_reading_or_editing(home, page):
    heard = []

    async def hear(**_):
        heard.append(by_the_person())

    home.events.add_listener(schema_id=CONTENTS_EVENTS, listener=hear)
    await run_and_close(home, page)
    await home.events.gather_listeners()
    assert heard
    assert not any(heard)


async def test_a_page_gets_what_it_missed_of_its_own_run_until_it_has_saved_that(home, page):
    page.run(0, "m")
    home.publish("m", "1\n")
    page.close()
    home.publish("m", "2\n")
    home.end("m")
    await page.come()
    assert [run.outputs.to_json()[0]["text"] for run in page.shown] == ["1\n2\n"]
    await page.save("m")  # what it had before it got the answer
    assert len(page.shown) == 1
    page.show()
    await page.save("m")
    assert page.shown == []
    page.close()
    await home.pass_time()
    assert home.printed() == [""]  # as the page saved it


async def test_a_page_that_was_never_cut_off_gets_nothing_of_its_own_runs(home, page):
    page.run(0, "m")
    home.publish("m", "1\n")
    await page.tell()
    assert page.shown == []


async def test_what_a_widget_captured_is_left_to_the_page(home, page):
    page.run(0, "m")
    home.kernel.executions.hear("m", "comm_msg", {"data": {"state": {"msg_id": "m"}}})
    home.publish("m", "1\n")
    page.close()
    await page.come()
    assert page.shown == []


def displayed(text):
    transient = {"display_id": "d"}
    return {"data": {"text/plain": text}, "metadata": {}, "transient": transient}


@pytest.mark.parametrize("kind", ["update_display_data", "display_data"])
async def test_a_cell_changes_what_another_one_displays(home, kind):
    home.write(notebook(code_cell("one", cell_id="one"), code_cell("two", cell_id="two")))
    page = await OpenPage(home).open()
    page.run(0, "first")
    home.kernel.executions.hear("first", "display_data", displayed("old"))
    page.close()
    await page.come()
    page.show()
    page.run(1, "second")
    home.kernel.executions.hear("second", kind, displayed("new"))
    home.end("first")
    await page.tell("first")
    (run,) = page.shown
    assert [each["data"] for each in run.outputs.to_json()] == [{"text/plain": "new"}]


@pytest.mark.parametrize("data", [None, [1], {"state": None}, {"state": 3}])
async def test_a_program_may_send_a_page_what_it_likes(home, page, data):
    page.run(0, "m")
    home.kernel.executions.hear("m", "comm_msg", {"data": data})
    home.publish("m", "1\n")
    page.close()
    await page.come()
    assert [each.id for each in page.shown] == ["m"]
