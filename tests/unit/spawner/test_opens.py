"""Which program a session opens with: what is allowed, and what it makes of a pod."""

import pytest
from gpucommons_spawner.catalogue.file import load_catalogue
from gpucommons_spawner.catalogue.program import program_at
from gpucommons_spawner.picker.last_session import resume
from gpucommons_spawner.picker.links import preselect
from gpucommons_spawner.picker.offer import SAME
from gpucommons_spawner.picker.programs import program_links
from gpucommons_spawner.reconcile.adoption import choice_of
from gpucommons_spawner.selection.errors import SelectionError
from gpucommons_spawner.selection.past_run import PastRun
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.resolve import resolve

from .conftest import CATALOGUE, TODAY, VISION

RESEARCHER = Person("rosa", frozenset({"researchers"}), (VISION,))


@pytest.fixture
def catalogue_file(tmp_path):
    """SciPy opens everything, PyTorch VS Code alone."""
    text = CATALOGUE.replace("  pytorch:", "    opens: [lab, vscode, notebook]\n  pytorch:", 1)
    text = text.replace("    access: [researchers]", "    opens: [vscode]", 1)
    file = tmp_path / "catalogue.yaml"
    file.write_text(text)
    return file


@pytest.fixture
def catalogue(catalogue_file):
    return load_catalogue(catalogue_file)


def _resolve(catalogue, **options):
    return resolve(options, RESEARCHER, catalogue, TODAY)


def test_a_program_of_the_environment_can_be_chosen_and_is_stored(catalogue):
    selection = _resolve(catalogue, opens="vscode")
    assert selection.options()["opens"] == "vscode"
    assert _resolve(catalogue, **selection.options()) == selection


def test_without_a_choice_nothing_is_stored_and_the_hub_says_what_opens(catalogue):
    assert "opens" not in _resolve(catalogue, environment="scipy").options()


def test_an_environment_without_jupyterlab_opens_its_first_program(catalogue):
    assert _resolve(catalogue, environment="pytorch").opens == "vscode"


@pytest.mark.parametrize(
    ("environment", "opens", "says"),
    [
        (
            "scipy",
            "vsode",
            "The environment scipy does not open 'vsode'. Did you mean vscode? "
            "Choose one of lab, vscode, notebook.",
        ),
        ("pytorch", "lab", "The environment pytorch does not open 'lab'. Choose one of vscode."),
        ("scipy", "/hub/logout", "does not open '/hub/logout'"),
    ],
)
def test_another_program_is_refused_with_those_there_are(catalogue, environment, opens, says):
    with pytest.raises(SelectionError) as refused:
        _resolve(catalogue, environment=environment, opens=opens)
    assert says in str(refused.value)
    assert refused.value.option == "opens"


@pytest.mark.parametrize(
    ("usual", "opens", "address"),
    [
        ("/lab", "", "/lab"),
        ("/lab", "lab", "/lab"),
        ("/lab", "vscode", "/vscode/"),
        ("/lab", "notebook", "/tree"),
        ("/lab/tree/Welcome.ipynb", "lab", "/lab/tree/Welcome.ipynb"),
        ("/rstudio", "", "/rstudio"),
        ("/rstudio", "lab", "/lab"),
        ("", "lab", None),
    ],
)
async def test_a_session_leads_to_the_chosen_program(make_spawner, usual, opens, address):
    spawner = make_spawner({"size": "cpu", "opens": opens}, default_url=usual)
    await spawner.load_user_options()
    assert spawner.get_env().get("JUPYTERHUB_DEFAULT_URL") == address
    spawner.clear_state()
    assert spawner.default_url == usual


@pytest.mark.parametrize(
    ("address", "program"),
    [("", "lab"), ("/lab/tree/a", "lab"), ("/tree", "notebook"), ("/vscode", "vscode"), ("/r", "")],
)
def test_the_program_of_an_address_is_known(address, program):
    assert program_at(address) == program


def _run(**options) -> PastRun:
    chosen = {"team": "vision", "environment": "scipy", "version": "2026.11", "size": "cpu"}
    return PastRun({**chosen, **options}, "example/scipy:2026.11")


def test_the_last_session_is_started_again_with_its_program(catalogue):
    again = resume(_run(opens="vscode"), RESEARCHER, catalogue, TODAY).options(SAME)
    assert again is not None
    assert again["opens"] == "vscode"


def test_a_program_that_is_gone_does_not_keep_the_last_session_from_starting(catalogue):
    offer = resume(_run(opens="rstudio"), RESEARCHER, catalogue, TODAY)
    assert offer.reason is None
    assert "opens" not in (offer.options(SAME) or {"opens": ""})


def test_a_link_chooses_a_program_and_is_told_of_one_that_there_is_not(catalogue):
    found = preselect({"opens": "vscode"}, {}, RESEARCHER, catalogue, TODAY)
    assert (dict(found.wanted), found.problems) == (
        {"opens": "vscode", "team": "vision"},
        (),
    )
    found = preselect({"opens": "rstudio", "size": "cpu"}, {}, RESEARCHER, catalogue, TODAY)
    assert dict(found.wanted) == {"size": "cpu", "team": "vision"}
    assert found.problems[0].startswith("The environment scipy does not open 'rstudio'.")


@pytest.mark.parametrize(
    ("options", "usual", "links"),
    [
        ({"environment": "scipy"}, "lab", ["JupyterLab ", "VS Code vscode/", "Notebook tree"]),
        (
            {"environment": "scipy", "opens": "vscode"},
            "lab",
            ["VS Code ", "JupyterLab lab", "Notebook tree"],
        ),
        ({"environment": "scipy", "image": "own:1"}, "lab", ["JupyterLab "]),
        (
            {"environment": "scipy", "image": "own:1", "opens": "vscode"},
            "lab",
            ["VS Code ", "JupyterLab lab"],
        ),
        ({"environment": "gone"}, "lab", ["JupyterLab "]),
        ({"environment": "pytorch"}, "", ["the session ", "VS Code vscode/"]),
    ],
)
def test_a_session_that_runs_is_opened_first_with_what_it_was_started_for(
    catalogue, options, usual, links
):
    found = program_links(options, catalogue, usual)
    assert [f"{link.title} {link.path}" for link in found] == links


@pytest.mark.parametrize(
    ("spec", "opens"),
    [
        (
            {"containers": [{"env": [{"name": "JUPYTERHUB_DEFAULT_URL", "value": "/tree"}]}]},
            "notebook",
        ),
        ({"containers": [{"env": [{"name": "JUPYTERHUB_DEFAULT_URL", "value": "/r"}]}]}, None),
        ({"containers": [{}]}, None),
    ],
)
def test_a_session_that_is_taken_over_still_opens_with_its_program(spec, opens):
    pod = {"metadata": {"labels": {"gpucommons.io/size": "cpu"}}, "spec": spec}
    assert choice_of(pod) == {"size": "cpu", **({"opens": opens} if opens else {})}
