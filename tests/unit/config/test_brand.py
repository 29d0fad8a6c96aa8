"""The lab's name, logo and colour: what an installation may set, and what stops the hub."""

from pathlib import Path

import pytest
from gpucommons_config.pages.brand import STYLE, add_brand
from traitlets.config import Config

_SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'


def _config(**brand: str) -> Config:
    return Config({"Brand": brand})


def _stopped(c: Config) -> str:
    with pytest.raises(SystemExit) as stopped:
        add_brand(c)
    return str(stopped.value.code)


def test_without_settings_pages_have_the_usual_name_and_jupyterhubs_logo():
    c = Config()
    add_brand(c)
    assert c.JupyterHub.template_vars == {"lab_name": "GPU Commons"}
    assert "logo_file" not in c.JupyterHub
    assert [path for path, *_ in c.JupyterHub.extra_handlers] == [STYLE]


def test_name_logo_and_colour_reach_the_hub_and_a_second_call_changes_nothing(tmp_path):
    logo = tmp_path / "logo.SVG"
    logo.write_text(_SVG)
    c = _config(name="Vision Lab", accent="#7b2d8e", logo_file=str(logo))
    add_brand(c)
    add_brand(c)
    assert c.JupyterHub.template_vars == {"lab_name": "Vision Lab"}
    assert c.GPUSpawner.lab_name == "Vision Lab"  # what sessions call it
    assert c.JupyterHub.logo_file == str(logo)
    ((_, _, given),) = c.JupyterHub.extra_handlers
    assert given == {"accent": "#7b2d8e"}


def test_what_the_installation_set_of_the_hub_itself_stays(tmp_path):
    (tmp_path / "logo.svg").write_text(_SVG)
    c = _config(logo_file=str(tmp_path / "logo.svg"))
    c.JupyterHub.logo_file = "/etc/lab/logo.png"
    c.JupyterHub.template_vars = {"announcement": "Updates tonight."}
    add_brand(c)
    assert c.JupyterHub.logo_file == "/etc/lab/logo.png"
    assert c.JupyterHub.template_vars["announcement"] == "Updates tonight."


@pytest.mark.parametrize(
    ("trait", "value", "words"),
    [
        ("accent", "#f37524", "Brand.accent is '#f37524': white text on it has a contrast of 2.85"),
        ("accent", "red", "Brand.accent is 'red': it must be # and six hexadecimal digits"),
        ("name", "", "Brand.name is '': it is empty"),
        ("logo_file", "/etc/logo.pdf", "it must be an image: a file that ends in .svg, .png"),
        ("logo_file", "/nowhere/logo.png", "the hub cannot read it (No such file or directory)"),
    ],
)
def test_a_mistake_stops_the_hub_with_the_setting_and_what_to_do(trait, value, words):
    said = _stopped(_config(**{trait: value}))
    assert said.startswith("gpucommons: ")
    assert words in said


@pytest.mark.parametrize(
    ("name", "content"), [("logo.png", b"<html>"), ("logo.svg", b"\x89PNG"), ("logo.jpg", b"")]
)
def test_a_logo_that_is_no_image_of_its_kind_stops_the_hub(tmp_path: Path, name, content):
    (tmp_path / name).write_bytes(content)
    said = _stopped(_config(logo_file=str(tmp_path / name)))
    assert f"its content is no {name[5:].upper()} image" in said
