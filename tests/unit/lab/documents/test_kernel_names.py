"""What people call kernels."""

import asyncio

from gpucommons_lab.documents.kernel_names import KernelNames, names_of


def session(kernel: str, path: str, kind: str = "notebook", name: str = "") -> dict[str, object]:
    return {"kernel": {"id": kernel}, "path": path, "type": kind, "name": name}


def test_a_kernel_is_called_by_its_notebook_even_where_a_console_uses_it_too():
    console = session("k1", "a/console-1-abc", "console", "Console 1")
    assert names_of([console]) == {"k1": "Console 1"}
    assert names_of([session("k1", "a/train.ipynb"), console]) == {"k1": "train.ipynb"}


class Sessions:
    """A session manager, whose answer a test sets."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    async def list_sessions(self) -> object:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def test_another_thread_learns_the_names():
    names = KernelNames(Sessions([session("k1", "train.ipynb")]))
    assert names.by_id() == {}  # the server has not started yet
    names.start()
    assert await asyncio.to_thread(names.by_id) == {"k1": "train.ipynb"}


async def test_names_that_cannot_be_read_are_none(caplog):
    names = KernelNames(Sessions(ValueError("a broken database")))
    names.start()
    assert await asyncio.to_thread(names.by_id) == {}
    assert "a broken database" in caplog.text
