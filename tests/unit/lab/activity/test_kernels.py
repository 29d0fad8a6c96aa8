"""Kernels that come and go while they are looked at, in Jupyter Server's own managers."""

import time

from gpucommons_contract import KernelActivity
from gpucommons_lab.activity.kernels import KernelActivityProbe
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)


class NoSessions:
    async def list_sessions(self):
        return []


def looking(**kernels) -> tuple[AsyncMappingKernelManager, KernelActivityProbe]:
    manager = AsyncMappingKernelManager()
    manager._kernels.update(kernels)
    return manager, KernelActivityProbe(manager, NoSessions())


async def test_a_kernel_of_which_nothing_is_known_yet_starts():
    began = time.monotonic()
    _, kernels = looking(k1=ServerKernelManager())
    (told,) = await kernels.look()
    assert told == KernelActivity("k1", "k1", busy=True, last=told.last)
    assert told.last <= time.monotonic() - began


async def test_a_kernel_that_failed_to_start_is_left_out():
    failed = ServerKernelManager(execution_state="starting")
    failed.ready.set_exception(RuntimeError("no such program"))
    _, kernels = looking(k1=failed)
    assert await kernels.look() == ()
    failed.ready.exception()


async def test_one_that_goes_while_another_is_asked_does_no_harm():
    class Goes(ServerKernelManager):
        @property
        def has_kernel(self) -> bool:
            return True

        async def is_alive(self) -> bool:
            manager._kernels.pop("k2")
            return True

    manager, kernels = looking(k1=Goes(execution_state="idle"), k2=ServerKernelManager())
    assert [each.id for each in await kernels.look()] == ["k1", "k2"]
