"""What the probe does beside the steps of any look: clear away what was left, and write a file."""

from typing import ClassVar
from uuid import uuid4

from gpucommons_doctor.after.hub import RefusedError
from gpucommons_doctor.after.session import SERVER, Session
from gpucommons_doctor.after.step import Step, StepFailedError, Tell


class Cleared(Step):
    """Stops what an earlier look left behind, such as one whose program was killed."""

    name: ClassVar[str] = "clear"
    question: ClassVar[str] = "Can what an earlier look left be stopped?"

    def __init__(self, session: Session) -> None:
        self._session = session

    async def run(self, tell: Tell) -> str:  # noqa: ARG002 -- a stop says nothing of its progress
        """Stop it. Nobody else has sessions of this person."""
        try:
            await self._session.remove()
        except RefusedError as error:
            raise StepFailedError(
                f"The session {SERVER} of an earlier look could not be stopped: {error.message}",
                "Look at the hub's log, and stop it on the hub's page of sessions.",
            ) from error
        return f"No session {SERVER} is there."


class FileWritten(Step):
    """Writes a file into the workspace, reads it, and deletes it."""

    name: ClassVar[str] = "files"
    question: ClassVar[str] = "Can the workspace be written to?"

    def __init__(self, session: Session) -> None:
        self._session = session

    async def run(self, tell: Tell) -> str:  # noqa: ARG002 -- takes a moment
        """Leave nothing behind, unless something goes wrong."""
        file = f"gpucommons-probe-{uuid4().hex[:12]}.txt"
        written = f"{file} was written by gpucommons probe, and may be deleted.\n"
        model = {"type": "file", "format": "text", "content": written}
        try:
            await self._session.call("PUT", f"api/contents/{file}", model)
            read = (await self._session.call("GET", f"api/contents/{file}?format=text"))["content"]
            await self._session.call("DELETE", f"api/contents/{file}")
        except RefusedError as error:
            raise StepFailedError(
                f"{file} cannot be written, read and deleted: {error.message}",
                "Look at the volume of the workspace: kubectl get pvc -n NAMESPACE, and whether "
                "it is full or was mounted read-only.",
            ) from error
        if read != written:
            raise StepFailedError(
                f"{file} holds something else than was written.",
                "Look at the storage: it accepted the file and did not keep it.",
            )
        return "A file was written, read and deleted."
