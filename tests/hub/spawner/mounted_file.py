"""A file as the kubelet mounts it from a ConfigMap: behind a link that is swapped."""

import itertools
from pathlib import Path


class MountedFile:
    def __init__(self, folder: Path, text: str):
        folder.mkdir()
        self._folder, self._numbers = folder, itertools.count()
        self.path = folder / "catalogue.yaml"
        self.path.symlink_to("..data/catalogue.yaml")
        self.write(text)

    def write(self, text: str) -> None:
        """Give it other content, in one step."""
        version = self._folder / f"..{next(self._numbers)}"
        version.mkdir()
        (version / "catalogue.yaml").write_text(text)
        new = self._folder / "..data_tmp"
        new.symlink_to(version.name)
        new.rename(self._folder / "..data")
