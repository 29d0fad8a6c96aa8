"""Kubeconfigs are kept over restarts, and made anew when the platform moves to another port."""

import pytest
import yaml
from gpucommons_local.cluster import kubernetes
from gpucommons_local.machine.instance import Instance


@pytest.fixture
def made(monkeypatch, tmp_path) -> list[str]:
    """What kubeadm was asked for."""
    made = []
    monkeypatch.setenv("GPUCOMMONS_STATE", str(tmp_path))
    monkeypatch.setattr(kubernetes, "program", lambda name: name)
    monkeypatch.setattr(kubernetes, "run_logged", lambda command, **_: made.append(command[3]))
    before = Instance(port=8000)
    before.kubeconfigs.mkdir(parents=True)
    server = f"https://127.0.0.1:{before.api_port}"
    text = yaml.safe_dump({"clusters": [{"name": "local", "cluster": {"server": server}}]})
    for name in ("super-admin", "kubelet", "hub"):
        (before.kubeconfigs / f"{name}.conf").write_text(text)
    return made


def test_a_restart_at_the_same_port_keeps_them(made):
    kubernetes.write_credentials(Instance(port=8000))
    assert made == []


def test_another_port_has_them_made_anew_and_leaves_none_that_lead_astray(made):
    moved = Instance(port=9000)
    kubernetes.write_credentials(moved)
    assert made == ["certs", "kubeconfig"]
    assert list(moved.kubeconfigs.iterdir()) == []
