"""Who leads a team: they may see what all of it used.

The account commands write it as an annotation of the team's namespace. It goes with the namespace,
so that a team that is made again has no leads until somebody says so.
"""

import json
from collections.abc import Mapping

from gpucommons_contract.labels import Annotation


def leads_written(leads: Mapping[str, str]) -> str | None:
    """Write the leads as the annotation's value; None if there are none.

    leads: since when each user name has its account, as in `Annotation.USER_SINCE`; empty for one
    who has not signed in yet.
    """
    return json.dumps(dict(leads), sort_keys=True) if leads else None


def read_leads(annotations: Mapping[str, str]) -> dict[str, str]:
    """Read a namespace's annotations. Raises ValueError for what are no leads."""
    text = annotations.get(Annotation.LEADS) or "{}"
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{Annotation.LEADS} is not JSON: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError(f"{Annotation.LEADS} does not say since when each user name is one's own")
    return found
