"""What an operator sets of the server in a session."""

import os

from traitlets import Float, Unicode, default
from traitlets.config import Configurable

from gpucommons_lab.health.control_group import ROOT


class LabSettings(Configurable):
    """Settings, under ``GPUCommonsLab``; what they do is in ``extension.py``."""

    interval = Float(
        1.0,
        min=0.1,
        help="""
        Seconds between two readings of the GPUs while a panel is open. NVML averages
        utilization over 1/6 to 1 second, so a shorter interval shows little more.
        Example: ``c.GPUCommonsLab.interval = 2``
        """,
    ).tag(config=True)

    background_interval = Float(
        10.0,
        min=0,
        help="""
        Seconds between two readings while no panel is open, so that a tab opened later
        sees the past and Prometheus finds figures. With 0, nothing is read then. A session
        without a GPU never reads. The default is the shortest step of the session's
        history. Example: ``c.GPUCommonsLab.background_interval = 30``
        """,
    ).tag(config=True)

    linger = Float(
        60.0,
        min=0,
        help="""
        Seconds after the last panel was closed until NVML is shut down, if nothing is read
        in the background. Opening NVML can take a second, so hiding a panel for a moment
        should not close it. Example: ``c.GPUCommonsLab.linger = 300``
        """,
    ).tag(config=True)

    memory_warning = Float(
        90.0,
        min=0,
        max=100,
        help="""
        Percent of the session's memory from which on its person is warned; 0 is never. The
        default leaves time to free some: with all of it in use, a program is killed.
        Example: ``c.GPUCommonsLab.memory_warning = 80``
        """,
    ).tag(config=True)

    disk_warning = Float(
        80.0,
        min=0,
        max=100,
        help="""
        Percent of the home folder's volume, or of the files that it can have, from which on its
        person is warned, if less than 10 GiB or 200,000 files are free; from 95 percent on they
        are warned in any case. 0 is never, for a volume
        that all share. With the default, a home folder of 10 GiB has 2 GiB left.
        Example: ``c.GPUCommonsLab.disk_warning = 0``
        """,
    ).tag(config=True)

    control_groups = Unicode(
        str(ROOT),
        help="""
        Folder in which the kernel shows control groups, where memory and CPUs of the session
        are read. The default is where every container has them.
        Example: ``c.GPUCommonsLab.control_groups = "/host/cgroup"``
        """,
    ).tag(config=True)

    documentation_url = Unicode(
        help="""
        Address of the documentation that JupyterLab's Help menu and VS Code open; empty leaves
        the entry out. The default is what the environment variable
        ``GPUCOMMONS_DOCUMENTATION_URL`` says, which the hub can set for all sessions.
        Example: ``c.GPUCommonsLab.documentation_url = "https://docs.example.org/gpus/"``
        """,
    ).tag(config=True)

    @default("documentation_url")
    def _default_documentation_url(self) -> str:
        return os.environ.get("GPUCOMMONS_DOCUMENTATION_URL", "")

    welcome_notebook = Unicode(
        None,
        allow_none=True,
        help="""
        Path of a notebook, as the session sees it, that is put as ``Welcome.ipynb`` into a home
        folder where nobody has worked yet, and that JupyterLab opens there once. In its text,
        ``{{lab_name}}``, ``{{session}}``, ``{{team}}``, ``{{home}}``, ``{{idle}}`` and
        ``{{documentation}}`` stand for what is true of the session. None, the default, is the one
        of GPU Commons; empty is no notebook.
        Example: ``c.GPUCommonsLab.welcome_notebook = "/opt/lab/welcome.ipynb"``
        """,
    ).tag(config=True)
