"""From GPU Feature Discovery's file to labels of the node."""

import subprocess

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu.features import label_changes, labels_from_features
from gpucommons_local.machine.programs import program
from hypothesis import given
from hypothesis import strategies as st

SHARING = """\
version: v1
sharing:
  mps:
    renameByDefault: true
    resources:
    - name: nvidia.com/gpu
      replicas: 4
"""


def test_lines_become_labels():
    text = "# made by hand\nnvidia.com/gpu.count=4\n\nnvidia.com/gpu.machine=\n"
    assert labels_from_features(text) == {"nvidia.com/gpu.count": "4", "nvidia.com/gpu.machine": ""}


@pytest.mark.parametrize(
    "line",
    [
        "nvidia.com/gpu.count",
        "nvidia.com/=4",
        "kubernetes.io/hostname=mine",
        "nvidia.com/gpu.product=NVIDIA H200",
        "nvidia.com/gpu.product=-H200",
        f"nvidia.com/gpu.product={'H' * 64}",
    ],
)
def test_what_nvidia_would_not_write_labels_nothing(line):
    with pytest.raises(ValueError, match="Not a label"):
        labels_from_features(f"nvidia.com/gpu.count=4\n{line}\n")


names = st.from_regex(r"nvidia\.com/[a-z]{1,5}", fullmatch=True)
labels = st.dictionaries(names, st.sampled_from(["1", "2"]), max_size=5)


@given(labels, labels)
def test_applying_the_changes_gives_just_what_was_discovered(features, before):
    node = {**before, "kubernetes.io/hostname": "node"}
    for label, value in label_changes(features, node).items():
        if value is None:
            del node[label]
        else:
            node[label] = value
    assert node == {**features, "kubernetes.io/hostname": "node"}
    assert label_changes(features, node) == {}


def test_the_real_feature_discovery_finds_four_shared_simulated_gpus(driver, nvml, tmp_path):
    try:
        feature_discovery = program("gpu-feature-discovery")
    except PlatformError as missing:
        pytest.skip(str(missing))
    (tmp_path / "sharing.yaml").write_text(SHARING)
    command = [feature_discovery, "--oneshot", f"--output-file={tmp_path / 'gfd'}"]
    command += [f"--config-file={tmp_path / 'sharing.yaml'}", "--no-timestamp"]
    subprocess.run(command, env=nvml.environment, check=True, capture_output=True, timeout=30)
    found = labels_from_features((tmp_path / "gfd").read_text())
    expected = {
        "nvidia.com/gpu.product": "NVIDIA-H200-Simulated",
        "nvidia.com/gpu.count": "4",
        "nvidia.com/gpu.replicas": "4",
        "nvidia.com/gpu.memory": "143771",
        "nvidia.com/gpu.sharing-strategy": "mps",
        "nvidia.com/mps.capable": "true",
    }
    assert found.items() >= expected.items()
