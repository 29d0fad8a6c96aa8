"""What counts as editing, on Jupyter Server's own contents manager and events."""

import json

import pytest
from gpucommons_lab.documents.editing import CONTENTS_EVENTS, Editing, not_by_the_person
from gpucommons_lab.outputs.executions import Execution
from gpucommons_lab.outputs.notebook_file import NotebookFile
from gpucommons_lab.outputs.open_pages import Page
from jupyter_events import EventLogger
from jupyter_server import DEFAULT_EVENTS_SCHEMA_PATH
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Documents:
    """A folder as a page sees it. Each action takes ten seconds."""

    def __init__(self, folder) -> None:
        self.clock = Clock()
        self.editing = Editing(self.clock)
        self.events = EventLogger()
        self.events.register_event_schema(DEFAULT_EVENTS_SCHEMA_PATH / "contents_service/v1.yaml")
        self.events.add_listener(schema_id=CONTENTS_EVENTS, listener=self.editing.hear)
        self.contents = AsyncLargeFileManager(root_dir=str(folder), event_logger=self.events)
        self.contents.register_pre_save_hook(self.editing.before_save)

    async def counts(self, action) -> bool:
        """Whether it is editing."""
        self.clock.now += 10
        await action
        await self.events.gather_listeners()
        return self.editing.age == 0

    def save(self, path, *sources, printed=""):
        """Save as a page does, with all that was printed so far in the first cell."""
        cells = [_cell(number, source) for number, source in enumerate(sources)]
        cells[0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": printed}]
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        model = {"type": "notebook", "format": "json", "content": json.loads(json.dumps(content))}
        return self.contents.save(model, path)


def _cell(number, source):
    return {
        "cell_type": "code",
        "id": f"cell{number}",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }


@pytest.fixture
def documents(tmp_path):
    return Documents(tmp_path)


async def test_saving_creating_renaming_copying_and_deleting_count(documents):
    contents = documents.contents
    text = {"type": "file", "format": "text", "content": "x = 1"}
    assert await documents.counts(contents.save(text, "a.py"))
    assert await documents.counts(contents.save(text | {"content": "x = 2"}, "a.py"))
    assert await documents.counts(contents.new_untitled(type="notebook"))
    assert await documents.counts(contents.new_untitled(type="directory"))
    assert await documents.counts(contents.rename("a.py", "b.py"))
    assert await documents.counts(contents.copy("b.py"))
    assert await documents.counts(contents.delete("b.py"))


async def test_looking_and_what_fails_do_not(documents):
    await documents.save("a.ipynb", "1")
    await documents.events.gather_listeners()
    assert not await documents.counts(documents.contents.get("a.ipynb"))
    assert not await documents.counts(documents.contents.get(""))
    with pytest.raises(Exception, match=r"b\.py"):
        await documents.counts(documents.contents.rename("b.py", "c.py"))
    assert documents.editing.age > 0


async def test_before_the_first_there_is_none(documents):
    assert documents.editing.age is None


async def test_a_page_that_saves_what_a_cell_prints_does_not_count(documents):
    assert await documents.counts(documents.save("a.ipynb", "train()"))
    assert not await documents.counts(documents.save("a.ipynb", "train()", printed="epoch 1"))
    assert await documents.counts(documents.save("a.ipynb", "train(2)", printed="epoch 1"))
    assert not await documents.counts(documents.save("a.ipynb", "train(2)", printed="epoch 2"))


async def test_a_cell_that_is_added_moved_or_gone_counts(documents):
    assert await documents.counts(documents.save("a.ipynb", "1", "2"))
    assert await documents.counts(documents.save("a.ipynb", "2", "1"))
    assert await documents.counts(documents.save("a.ipynb", "2", "1", ""))
    assert await documents.counts(documents.save("a.ipynb", "21", ""))


async def test_output_that_is_kept_for_a_closed_page_does_not_count(documents):
    await documents.save("a.ipynb", "print(1)")
    await documents.events.gather_listeners()
    execution = Execution("message", "cell0", "gone", "print(1)")
    execution.outputs.add("stream", {"name": "stdout", "text": "1\n"})
    file = NotebookFile(documents.contents, "a.ipynb")
    page = Page("a.ipynb", ("cell0",), "")
    fresh = Editing(documents.clock)  # as after a server's start: it knows no sources
    documents.contents._pre_save_hooks[:] = [fresh.before_save]
    documents.events.add_listener(schema_id=CONTENTS_EVENTS, listener=fresh.hear)
    assert not await documents.counts(file.write([(execution, page)]))
    (cell,) = (await documents.contents.get("a.ipynb"))["content"]["cells"]
    assert cell["outputs"][0]["text"] == "1\n"
    assert not await documents.counts(file.take_back())
    assert fresh.age is None


async def test_many_notebooks_are_remembered_and_not_all(documents):
    for number in range(300):
        documents.editing.before_save(
            {"type": "notebook", "content": {"cells": []}}, f"{number}.ipynb"
        )
    assert len(documents.editing._texts) == 256


async def test_a_text_that_is_saved_as_it_was_does_not_count(documents):
    text = {"type": "file", "format": "text", "content": "x = 1"}
    assert await documents.counts(documents.contents.save(text, "a.py"))
    assert not await documents.counts(documents.contents.save(text, "a.py"))


async def test_parts_of_an_upload_count(documents):
    for chunk in (1, 2, -1):
        part = {"type": "file", "format": "text", "content": "same", "chunk": chunk}
        assert await documents.counts(documents.contents.save(part, "a.txt"))


async def test_what_a_page_saves_by_itself_does_not_count_once(documents):
    await documents.save("a.ipynb", "1")
    await documents.events.gather_listeners()
    documents.editing.announce("a.ipynb")
    assert not await documents.counts(documents.save("a.ipynb", "1", "typed before"))
    assert not await documents.counts(documents.save("a.ipynb", "1", "typed before"))
    assert await documents.counts(documents.save("a.ipynb", "1", "typed now"))


async def test_a_save_that_was_announced_and_did_not_come_hides_no_later_one(documents):
    documents.editing.announce("a.ipynb")
    documents.clock.now += 100
    assert await documents.counts(documents.save("a.ipynb", "1"))


async def test_output_that_is_kept_changes_nothing_about_what_was_typed(documents):
    await documents.save("a.ipynb", "print(1)")
    with not_by_the_person():
        model = await documents.contents.get("a.ipynb", type="file", format="text")
        kept = {"type": "file", "format": "text", "content": model["content"] + " "}
        await documents.contents.save(kept, "a.ipynb")
    assert not await documents.counts(documents.save("a.ipynb", "print(1)", printed="1"))
