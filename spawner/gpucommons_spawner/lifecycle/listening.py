"""Whether anything takes connections at an address."""

import asyncio


async def listens(host: str, port: int) -> bool:
    """Whether something takes connections there now."""
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
