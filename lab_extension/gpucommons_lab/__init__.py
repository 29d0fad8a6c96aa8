"""What runs inside a GPU Commons session: telemetry, the GPU panel, VS Code."""

__all__ = ["_jupyter_labextension_paths", "_jupyter_server_extension_points"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Return where the built panel is, for `jupyter labextension develop`."""
    return [{"src": "labextension", "dest": "@gpucommons/lab"}]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """Name the server extension that Jupyter Server loads."""
    from gpucommons_lab.extension import GPUCommonsLab  # noqa: PLC0415

    return [{"module": "gpucommons_lab", "app": GPUCommonsLab}]
