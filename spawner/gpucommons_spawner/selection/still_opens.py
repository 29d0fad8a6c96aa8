"""A choice that is made again, after the catalogue may have changed."""

from collections.abc import Mapping

from gpucommons_spawner.catalogue.catalogue import Catalogue


def still_opens(options: Mapping[str, str], catalogue: Catalogue) -> dict[str, str]:
    """Leave out a program that the environment no longer opens: it opens with the usual one."""
    environment = catalogue.environments.get(options.get("environment", ""))
    gone = environment is not None and options.get("opens") not in environment.opens
    return {key: value for key, value in options.items() if key != "opens" or not gone}
