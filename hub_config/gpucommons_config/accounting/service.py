"""Runs accounting, derives its records anew, or imports some, with the installation's settings."""

import asyncio
import logging
import sys
from pathlib import Path

from gpucommons_accounting.recording.importing import (
    Importing,
    ImportRefusedError,
    imported_json,
)
from gpucommons_accounting.service.accounting import Accounting
from gpucommons_spawner.catalogue.file import CatalogueError
from gpucommons_spawner.catalogue.live import catalogue_in_force
from gpucommons_upkeep.clock import utc_now
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


def import_usage(
    file: Path, installation: str, *, db_url: str | None, dry_run: bool
) -> dict[str, object] | None:
    """Take sessions of a file into the record; None after what failed was said."""
    try:
        store = Accounting(config=_settings(db_url)).opened_store()
        try:
            importing = Importing(store, installation, _show_line)
            importing.check(file)
            found = importing.take(file, utc_now(), dry_run=dry_run)
        finally:
            store.close()
    except ImportRefusedError as error:
        for mistake in error.mistakes:
            _fail(f"{file}, {mistake}")
        _fail("Nothing was imported.")
    except OSError as error:
        _fail(f"{file} cannot be read: {error.strerror}")
    except (SetupError, StoreError, TraitError) as error:
        _fail(str(error))
    else:
        return imported_json(found, dry_run=dry_run)
    return None


def _show_line(line: int) -> None:
    log.info("Read until line %d; it may be stopped, and begun again", line)


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
