"""Which environments' kernels are offered, under which names."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from gpucommons_lab.environments import kernel_specs
from gpucommons_lab.environments.kernel_specs import EnvironmentKernels
from jupyter_client.kernelspec import NoSuchKernel

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


async def titles(kernels: EnvironmentKernels) -> set[str]:
    """What people read of the kernels that are not the image's."""
    own = await listed(kernels)
    return {each["spec"]["display_name"] for each in own.values()}


async def listed(kernels: EnvironmentKernels) -> dict:
    every = await kernels.get_all_specs()
    home = os.environ["HOME"]
    return {name: each for name, each in every.items() if each["resource_dir"].startswith(home)}


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (".venvs/thesis", "thesis"),
        ("envs/thesis", "thesis"),
        ("thesis", "thesis"),
        ("thesis/.venv", "thesis"),
        ("thesis/venv", "thesis"),
        (".venv", ".venv"),
        ("Größe 2", "Größe 2"),
    ],
)
async def test_an_environment_in_the_home_folder_is_offered_under_its_name(make_venv, place, name):
    make_venv(place)
    assert await titles(EnvironmentKernels()) == {f"Python {VERSION} ({name})"}


async def test_the_kernel_runs_the_environments_python_and_finds_its_programs(make_venv):
    folder = make_venv(".venvs/has $HOME in it")
    [(name, _)] = (await listed(kernels := EnvironmentKernels())).items()
    spec = kernels.get_kernel_spec(name)
    assert spec.argv[0] == f"{folder}/bin/python"
    assert spec.env["PATH"] == f"{folder}/bin:${{PATH}}".replace("$HOME", "$$HOME")
    assert spec.env["VIRTUAL_ENV"] == str(folder).replace("$", "$$")


async def test_kernels_of_conda_are_offered_with_those_of_other_languages(make_conda):
    make_conda("miniforge3")
    folder = make_conda("miniforge3/envs/stats")
    kernels = EnvironmentKernels()
    assert await titles(kernels) == {"R (miniforge3)", "R (stats)"}
    [name] = [name for name in await listed(kernels) if name.startswith("stats-")]
    spec = kernels.get_kernel_spec(name)
    assert spec.argv[0] == "R"
    assert spec.env == {
        "LC_ALL": "C.UTF-8",
        "PATH": f"{folder}/bin:${{PATH}}",
        "CONDA_PREFIX": str(folder),
    }


async def test_an_environment_that_conda_notes_elsewhere_is_offered(home, make_conda):
    folder = make_conda("deep/down/stats")
    (home / ".conda").mkdir()
    (home / ".conda/environments.txt").write_text(f"{folder}\n/opt/conda\n\n")
    assert await titles(EnvironmentKernels()) == {"R (stats)"}


async def test_what_programs_keep_and_what_has_no_kernel_is_not_offered(make_venv):
    make_venv(".cache/build")
    make_venv(".hidden")
    make_venv(".venvs/without", kernel=False)
    make_venv("work/project/deep/.venv")
    assert await titles(EnvironmentKernels()) == set()


async def test_a_notebook_finds_its_environment_again_among_two_of_one_name(make_venv):
    make_venv(".venvs/thesis")
    before = set(await listed(EnvironmentKernels()))
    make_venv("envs/thesis")
    after = set(await listed(EnvironmentKernels()))
    assert before < after
    assert len(after) == 2
    assert all(name.startswith("thesis-") and name.endswith("-python3") for name in after)


async def test_a_new_environment_is_in_the_next_list_and_one_that_is_gone_is_not(make_venv):
    kernels = EnvironmentKernels()
    assert await titles(kernels) == set()
    folder = make_venv(".venvs/thesis")
    [name] = await listed(kernels)
    folder.rename(folder.parent / "other")
    assert name not in await listed(kernels)
    with pytest.raises(NoSuchKernel):
        kernels.get_kernel_spec(name)


async def test_one_that_was_made_for_another_python_is_not_offered_but_reported_once(
    make_venv, caplog
):
    folder = make_venv(".venvs/old")
    (folder / f"lib/python{VERSION}").rename(folder / "lib/python3.9")
    gone = make_venv(".venvs/gone")
    for name in ("python", "python3", f"python{VERSION}"):
        (gone / "bin" / name).unlink(missing_ok=True)
    make_venv(".venvs/good")
    kernels = EnvironmentKernels()
    assert await titles(kernels) == {f"Python {VERSION} (good)"}
    await titles(kernels)
    assert caplog.text.count("is not offered") == 2
    assert "its packages are not for Python" in caplog.text
    assert "its Python cannot be found" in caplog.text


async def test_a_kernel_is_found_by_name_before_anybody_asked_for_the_list(make_venv):
    make_venv(".venvs/thesis")
    [name] = await listed(EnvironmentKernels())
    assert "thesis" in EnvironmentKernels().get_kernel_spec(name).display_name
    with pytest.raises(NoSuchKernel):
        EnvironmentKernels().get_kernel_spec("nothing")


async def test_only_the_kernels_that_an_administrator_allows_are_offered(make_venv):
    make_venv(".venvs/thesis")
    kernels = EnvironmentKernels(allowed_kernelspecs={"python3"})
    assert set(await kernels.get_all_specs()) == {"python3"}


async def test_a_slow_disk_keeps_nobody_waiting(make_venv, monkeypatch, caplog):
    make_venv(".venvs/thesis")
    kernels = EnvironmentKernels()
    await kernels.get_all_specs()
    answer = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stuck(*_: object) -> list:
        asyncio.run_coroutine_threadsafe(answer.wait(), loop).result()
        return []

    monkeypatch.setattr(kernel_specs, "find_environments", stuck)
    monkeypatch.setattr(kernel_specs, "_PATIENCE", 0.05)
    assert await titles(kernels) == {f"Python {VERSION} (thesis)"}  # as known before
    assert "is the disk slow?" in caplog.text
    answer.set()
    monkeypatch.setattr(kernel_specs, "_PATIENCE", 60)
    assert await titles(kernels) == set()


def test_folders_that_an_administrator_names_are_searched_too(make_venv, tmp_path_factory):
    shared = tmp_path_factory.mktemp("shared")
    made = make_venv(".cache/course")
    made.rename(shared / "course")
    kernels = EnvironmentKernels(folders=[str(shared)])
    spec_of = asyncio.run(kernels.get_all_specs())
    [folder] = [each["resource_dir"] for each in spec_of.values() if "course" in str(each)]
    assert Path(folder).is_relative_to(shared)
