"""Which folders JupyterLab's file browser opens."""

from pathlib import Path
from types import SimpleNamespace

from gpucommons_lab.storage.shown_folders import ShownFolders


def _folders(root: str, *, hidden: bool = False) -> ShownFolders:
    server = SimpleNamespace(root_dir=root, contents_manager=SimpleNamespace(allow_hidden=hidden))
    return ShownFolders(Path("/home/ada"), server)


def test_paths_are_below_the_servers_root():
    assert _folders("/home/ada").path("data") == "data"
    assert _folders("/home").path("data") == "ada/data"
    assert _folders("/home/ada").path("") == ""
    assert _folders("/scratch").path("data") is None


def test_hidden_folders_are_shown_only_where_jupyter_server_allows_it():
    assert _folders("/home/ada").path(".cache") is None
    assert _folders("/home/ada", hidden=True).path(".cache") == ".cache"
