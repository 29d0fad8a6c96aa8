"""All that is refused, and all that is let in."""

from . import catalogue, files, isolation, quota

REFUSED = (*quota.REFUSED, *catalogue.REFUSED, *isolation.REFUSED, *files.REFUSED)
LET_IN = (*quota.LET_IN, *catalogue.LET_IN, *isolation.LET_IN, *files.LET_IN)
