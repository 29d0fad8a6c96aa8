"""A folder of dashboards: their JSON, and how Kustomize makes objects of it for Grafana's sidecar.

Source: https://github.com/grafana/helm-charts/tree/main/charts/grafana#sidecar-for-dashboards
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gpucommons_config.dashboards.board import Dashboard
from gpucommons_config.dashboards.rendering import dashboard_json

KUSTOMIZATION = "kustomization.yaml"
_HEAD = """\
# Made by `gpucommons dashboards write`: docs/how-to/watch-the-platform.md#dashboards.
# ConfigMaps that the sidecar of Grafana finds by their label, as kube-prometheus-stack brings it.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: gpucommons
generatorOptions:
  disableNameSuffixHash: true
  labels:
    app.kubernetes.io/part-of: gpu-commons
    grafana_dashboard: "1"
configMapGenerator:
"""


def files(dashboards: Sequence[Dashboard]) -> Mapping[str, str]:
    """Return what is in each file of the folder, by its name."""
    found = {f"{each.name}.json": dashboard_json(each) for each in dashboards}
    maps = (
        f"  - name: dashboard-{each.name}\n    files: [{each.name}.json]\n" for each in dashboards
    )
    return {**found, KUSTOMIZATION: _HEAD + "".join(maps)}


def write(folder: Path, dashboards: Sequence[Dashboard]) -> Sequence[Path]:
    """Write them, in place of older ones; returns what was written. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files(dashboards).items():
        file = folder / name
        file.write_text(text)
        written.append(file)
    return written
