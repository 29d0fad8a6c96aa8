"""Puts outputs into the text of a notebook without blocking the server.

A big notebook takes seconds, in which Python's JSON lets no other thread run: another process
does it. A small one is not worth a process.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO

import nbformat
import nbformat.reader
from nbformat.sign import MemorySignatureStore, NotebookNotary

from gpucommons_lab.outputs.notebook_text import Merged, Run, UnfitNotebookError, merge

_SMALL = 500_000
"""Characters of text and outputs below which a thread of this process does it."""
_PIECE = 2**20
"""Characters that are written in one piece."""


@dataclass(frozen=True, slots=True)
class Key:
    """What Jupyter Server signs notebooks with."""

    secret: bytes
    algorithm: str


@dataclass(frozen=True, slots=True)
class Work:
    """A notebook with outputs in it, and how Jupyter would sign it before and after."""

    merged: Merged
    signature_before: str = ""
    signature_after: str = ""


async def put_outputs(text: str, runs: Sequence[Run], key: Key, size: int) -> Work:
    """Put outputs, of about ``size`` characters, into the text.

    Raises UnfitNotebookError, and OSError where a process cannot be started or fails.
    """
    if len(text) + size < _SMALL:
        return await asyncio.to_thread(_work, text, runs, key)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin
    assert child.stdout
    try:
        _, said = await asyncio.gather(_tell(child.stdin, text, runs, key), child.stdout.read())
        if await child.wait():
            raise OSError(f"the process that puts outputs in exited with {child.returncode}")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return await asyncio.to_thread(_heard, said)


async def _tell(pipe: asyncio.StreamWriter, text: str, runs: Sequence[Run], key: Key) -> None:
    """Write piece by piece, so that nothing else waits long."""
    with suppress(BrokenPipeError, ConnectionResetError):  # its end says what was wrong
        head = {"secret": key.secret.hex(), "algorithm": key.algorithm, "runs": len(runs)}
        pipe.write(_line(head))
        for run in runs:
            outputs = list(run.outputs)
            said = {"cell_id": run.cell_id, "code": run.code, "count": run.count}
            pipe.write(_line(said | {"place": run.place, "outputs": len(outputs)}))
            for output in outputs:
                pipe.write(_line(output))
                await pipe.drain()
        for at in range(0, len(text), _PIECE):
            pipe.write(text[at : at + _PIECE].encode())
            await pipe.drain()
    pipe.close()


def _heard(said: bytes) -> Work:
    head, _, text = said.partition(b"\n")
    work = json.loads(head)
    if "unfit" in work:
        raise UnfitNotebookError(work["unfit"])
    merged = Merged(**work.pop("merged") | {"text": text.decode() if text else None})
    return Work(merged, **work)


def _work(text: str, runs: Sequence[Run], key: Key) -> Work:
    merged = merge(text, runs)
    if merged.text is None:
        return Work(merged)
    return Work(merged, _signature(text, key), _signature(merged.text, key))


def _signature(text: str, key: Key) -> str:
    """Compute the notebook's signature as Jupyter does; empty if it cannot be read."""
    try:
        notebook = nbformat.reader.reads(text)  # type: ignore[no-untyped-call]
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError):
        return ""
    notary = NotebookNotary(
        secret=key.secret, algorithm=key.algorithm, store_factory=MemorySignatureStore
    )  # type: ignore[no-untyped-call]
    signature: str = notary.compute_signature(notebook)  # type: ignore[no-untyped-call]
    return signature


def _line(said: object) -> bytes:
    return json.dumps(said).encode() + b"\n"


def _main(stdin: IO[bytes], stdout: IO[bytes]) -> None:
    """Do in this process what the server's asked for."""
    head = json.loads(stdin.readline())
    runs = [_run(stdin) for _ in range(head["runs"])]
    key = Key(bytes.fromhex(head["secret"]), head["algorithm"])
    try:
        work = _work(stdin.read().decode(), runs, key)
    except UnfitNotebookError as error:
        stdout.write(_line({"unfit": str(error)}))
        return
    said = asdict(work)
    text = said["merged"].pop("text")
    stdout.write(_line(said))
    stdout.write((text or "").encode())


def _run(stdin: IO[bytes]) -> Run:
    said = json.loads(stdin.readline())
    outputs = [json.loads(stdin.readline()) for _ in range(said.pop("outputs"))]
    return Run(**said, outputs=outputs)


if __name__ == "__main__":
    _main(sys.stdin.buffer, sys.stdout.buffer)
