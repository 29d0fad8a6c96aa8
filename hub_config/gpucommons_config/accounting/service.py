"""Runs accounting, or derives its records anew, with the installation's settings."""

import asyncio
import logging
import sys
from pathlib import Path

from gpucommons_accounting.service.accounting import Accounting
from gpucommons_spawner.catalogue.file import CatalogueError
from gpucommons_spawner.catalogue.live import catalogue_in_force
from gpucommons_upkeep.errors import SetupError, StoreError
from gpucommons_upkeep.logs import begin_logs
from traitlets import TraitError
from traitlets.config import Config

from gpucommons_config.catalogue.titles import CatalogueTitles
from gpucommons_config.installation import installation
from gpucommons_config.pages.brand import Brand
from gpucommons_config.pages.languages import Languages

log = logging.getLogger(__name__)


def run(*, db_url: str | None, port: int | None, lease: str | None) -> int:
    """Run until a signal ends it; returns the exit code.

    ``lease`` names the Lease by which replicas agree, unless the settings name one.
    """
    settings = _settings(db_url)
    catalogue_file = settings.Accounting.get("catalogue_file")
    if port is not None:
        settings.Accounting.port = port
    if lease and not settings.Election.get("lease_name"):
        settings.Election.lease_name = lease
    try:
        catalogue = catalogue_in_force(Path(catalogue_file)) if catalogue_file else None
        Languages(config=settings).begin()
        accounting = Accounting(
            config=settings,
            appearance=Brand(config=settings).appearance,
            titles=CatalogueTitles(lambda: catalogue.current) if catalogue else None,
        )

        async def serve() -> None:
            if catalogue:
                catalogue.begin(logging.getLogger("gpucommons.catalogue"))
            await accounting.serve()

        asyncio.run(serve())
    except CatalogueError as error:
        return _fail(f"Accounting.catalogue_file: {error}")
    except (SetupError, TraitError) as error:
        return _fail(str(error))
    return 0


def rebuild(*, db_url: str | None) -> int:
    """Derive all sessions anew from the facts; returns the exit code."""
    try:
        store = Accounting(config=_settings(db_url)).opened_store()
        try:
            count = store.rebuild(_show)
        finally:
            store.close()
    except (SetupError, StoreError, TraitError) as error:
        return _fail(str(error))
    sys.stdout.write(f"Derived {count} sessions anew.\n")
    return 0


def _show(done: int) -> None:
    log.info("Derived %d sessions; it may be stopped, and begun again", done)


def _settings(db_url: str | None) -> Config:
    begin_logs("accounting")
    settings = installation()
    if db_url:
        settings.Accounting.db_url = db_url
    return settings


def _fail(message: str) -> int:
    sys.stderr.write(f"gpucommons: {message}\n")
    return 1
