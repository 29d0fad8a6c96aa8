"""Our objects on a real API server: applied once, they are as they are written.

Without the kinds of Kueue and CloudNativePG, which this API server does not have.
"""

import json

import pytest
import yaml

from tests.unit.cluster_objects.kustomize import ENVIRONMENTS, identity, overlay, part

_OF_OTHERS = ("kueue.x-k8s.io/", "postgresql.cnpg.io/")


def _objects(environment):
    made = [*overlay(environment), *part("gpu-processes")]
    return [each for each in made if not each["apiVersion"].startswith(_OF_OTHERS)]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_second_apply_changes_nothing(api, environment):
    objects = _objects(environment)
    given = yaml.safe_dump_all(objects)

    def apply():
        made = api.kubectl("apply", "--server-side", "-o", "json", "-f", "-", given=given)
        return {
            identity(each): each["metadata"]["resourceVersion"]
            for each in json.loads(made)["items"]
        }

    first = apply()
    assert set(first) == {identity(each) for each in objects}
    assert apply() == first
