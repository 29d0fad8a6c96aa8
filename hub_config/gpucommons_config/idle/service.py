"""Runs the idle culler with the catalogue's rules."""

import asyncio
import logging
import sys
from pathlib import Path

from gpucommons_culler.service.idle_culler import IdleCuller
from gpucommons_spawner.catalogue.file import CatalogueError
from gpucommons_spawner.catalogue.live import catalogue_in_force
from gpucommons_upkeep.errors import SetupError
from gpucommons_upkeep.logs import begin_logs
from traitlets import TraitError

from gpucommons_config.catalogue.titles import CatalogueTitles
from gpucommons_config.idle.rules import CatalogueRules
from gpucommons_config.installation import VARIABLE, installation
from gpucommons_config.pages.brand import Brand
from gpucommons_config.pages.languages import Languages


def run(*, dry_run: bool, db_url: str | None, port: int | None, lease: str | None) -> int:
    """Run until a signal ends it; returns the exit code.

    ``lease`` names the Lease by which replicas agree, unless the settings name one.
    """
    begin_logs("idle-culler")
    settings = installation()
    file = settings.IdleCuller.get("catalogue_file")
    if not file:
        return _fail(f"set IdleCuller.catalogue_file in the file that {VARIABLE} names")
    del settings.IdleCuller["catalogue_file"]
    if db_url:
        settings.IdleCuller.db_url = db_url
    settings.IdleCuller.dry_run = dry_run
    if port is not None or dry_run:
        settings.IdleCuller.port = port or 0
    if lease and not settings.Election.get("lease_name"):
        settings.Election.lease_name = lease
    try:
        Languages(config=settings).begin()
        catalogue = catalogue_in_force(Path(file))
        culler = IdleCuller(
            config=settings,
            rules=CatalogueRules(lambda: catalogue.current),
            titles=CatalogueTitles(lambda: catalogue.current),
            appearance=Brand(config=settings).appearance,
        )
    except (CatalogueError, TraitError) as error:
        return _fail(str(error))

    async def serve() -> None:
        catalogue.begin(logging.getLogger("gpucommons.catalogue"))
        await culler.serve()

    try:
        asyncio.run(serve())
    except (SetupError, TraitError) as error:
        return _fail(str(error))
    return 0


def _fail(message: str) -> int:
    sys.stderr.write(f"gpucommons: {message}\n")
    return 1
