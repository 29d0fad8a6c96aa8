"""One image looked up, as the command does it for each."""

from contextlib import asynccontextmanager

import pytest
from gpucommons_config.pinning.auth_files import AuthFiles
from gpucommons_config.pinning.calls import Calls, open_client
from gpucommons_config.pinning.errors import LookupFailedError
from gpucommons_config.pinning.registries import Found, Registries
from gpucommons_spawner.catalogue.reference import ImageReference

NOBODY = AuthFiles([], named=False)


@asynccontextmanager
async def registries(files=NOBODY, *, seconds=60.0, plain=(), ca_file=None, client=None):
    async with client or open_client(ca_file) as http:
        yield Registries(Calls(http, seconds, plain), files)


async def look_up(image, files=NOBODY, *, known=(), platforms=False, **more) -> Found:
    async with registries(files, **more) as opened:
        reference = ImageReference.parse(image)
        return await opened.look_up(reference, known, platforms=platforms)


async def complaint(image, files=NOBODY, **more) -> str:
    with pytest.raises(LookupFailedError) as error:
        await look_up(image, files, **more)
    return str(error.value)
