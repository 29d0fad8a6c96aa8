"""How the site of the documentation is built: make docs."""

import sys
import tomllib
from pathlib import Path

_HERE = Path(__file__).parent
_PROJECT = tomllib.loads((_HERE.parent / "pyproject.toml").read_text())["project"]

sys.path.insert(0, str(_HERE / "_ext"))

project = "GPU Commons"
author = "GPU Commons contributors"
copyright = author  # noqa: A001 -- Sphinx calls it so
release = version = _PROJECT["version"]
repository_address = _PROJECT["urls"]["Source"]

extensions = ["myst_parser", "sphinx_copybutton", "sphinx_design", "sphinx_pages"]
exclude_patterns = ["_ext"]
nitpicky = True

myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 4

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "pydata_sphinx_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "github_url": repository_address,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 1,
    "header_links_before_dropdown": 7,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": []}

# Addresses of examples, and of a platform on one's own machine.
linkcheck_ignore = [r"https?://(127\.0\.0\.1|localhost|[a-z.-]*example\.org)"]
linkcheck_timeout = 20
