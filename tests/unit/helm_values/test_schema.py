"""Each chart takes every key that it is given: by its own schema, and by its own values.

Charts are not in this repository. Fetch them as helm-values/README.md says; else these are skipped.
"""

import pytest

from .charts import ENVIRONMENTS, all_releases, merge, values
from .schema import mistakes

_TYPOS = {
    "cert-manager": {"crds": {"enbaled": True}},
    "cloudnative-pg": {"crds": {"craete": True}},
    "dex": {"configSecret": {"crate": True}},
    "gatekeeper": {"validatingWebhookFailPolicy": "Fail"},
    "jupyterhub": {"hub": {"networkPolicy": {"ingres": []}}},
    "kueue": {"managerConfig": {"controllerManagerConfig": ""}},
    "node-feature-discovery": {"worker": {"configs": {}}},
    "nvidia-device-plugin": {"gfd": {"enable": True}},
}


@pytest.mark.parametrize("chart", sorted(all_releases()))
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_chart_takes_every_value(chart, environment):
    assert not list(mistakes(all_releases()[chart], values(chart, environment)))


@pytest.mark.parametrize("chart", sorted(all_releases()))
def test_a_misspelt_value_is_found(chart):
    given = merge(values(chart, "prod"), _TYPOS[chart])
    assert list(mistakes(all_releases()[chart], given))


def test_the_chart_takes_our_images_and_refuses_a_number_as_a_tag():
    hub = all_releases()["jupyterhub"]
    given = merge(values("jupyterhub", "prod"), {"hub": {"image": {"tag": 2026.11}}})
    assert any("hub.image.tag" in each for each in mistakes(hub, given))
