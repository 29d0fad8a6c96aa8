"""The files of Dex's pages, and how the guide mounts them."""

import re

import yaml
from reference_pages.project import ROOT

_PAGES = ROOT / "authenticator" / "dex_pages"
_GUIDE = ROOT / "docs" / "how-to" / "connect-an-identity-provider.md"


def _files() -> set[str]:
    found = {str(each.relative_to(_PAGES)) for each in _PAGES.rglob("*") if each.is_file()}
    return found - {"kustomization.yaml"}


def test_the_config_map_has_all_files():
    said = yaml.safe_load((_PAGES / "kustomization.yaml").read_text())
    (made,) = said["configMapGenerator"]
    assert set(made["files"]) == _files()


def test_the_guide_puts_each_file_where_dex_looks():
    (values,) = re.findall(r"```yaml\n(config:\n  frontend:.*?)```", _GUIDE.read_text(), re.DOTALL)
    said = yaml.safe_load(values)
    (volume,) = (each for each in said["volumes"] if each["name"] == "pages")
    (mount,) = (each for each in said["volumeMounts"] if each["name"] == "pages")
    assert {each["path"] for each in volume["configMap"]["items"]} == _files()
    assert all(each["path"].endswith(each["key"]) for each in volume["configMap"]["items"])
    assert mount["mountPath"] == said["config"]["frontend"]["dir"]


def test_pages_load_nothing_from_other_hosts():
    for file in (_PAGES / "templates").iterdir():
        assert "//" not in file.read_text(), file.name
