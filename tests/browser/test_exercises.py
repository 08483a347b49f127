"""Predictions and an exercise in a real JupyterLab, by keyboard and by mouse."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.cells import run_cell
from tests.browser.jupyterlab import (
    JupyterLab,
    browser_page,
    open_notebook,
    running_jupyterlab,
    take_screenshot,
)
from tests.engines.engine import Engine
from tests.notebooks.lessons import environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

CELLS = (
    "import dockerlab\nclient = dockerlab.connect()\n"
    'lesson = dockerlab.start_lesson("01-hello-world", images=["hello-world"])',
    'second = lesson.predict("second")',
    'containers = lesson.predict("containers")',
    'steps = lesson.predict("steps")',
    'second.reveal("pull")',
    "containers.reveal(3)",
    'steps.reveal(["pull", "create", "start", "output"])',
    "!docker run --name lab01-again hello-world",
    'again = lesson.exercise("again")\n!docker run hello-world\nagain.check()',
    "!docker start --attach lab01-again",
    "again.check()",
    "lesson.end()",
)
PATIENCE = 30_000


@pytest.fixture
def lab(oci_root_engine: Engine, tmp_path: Path) -> Iterator[JupyterLab]:
    environ = environment(oci_root_engine.environment, state=tmp_path / "state")
    with running_jupyterlab(tmp_path, environ | {"DOCKERLAB_LANG": "en"}) as running:
        notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
            cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS]  # type: ignore[no-untyped-call]
        )
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, running.folder / "exercises.ipynb")  # type: ignore[no-untyped-call]
        yield running


def test_predictions_are_locked_and_an_exercise_goes_from_wrong_to_passed(lab: JupyterLab) -> None:
    with browser_page() as page:
        open_notebook(page, lab, "exercises.ipynb")
        run_cell(page, 0)
        _predict(page)
        take_screenshot(page, "predictions")
        for index in range(4, len(CELLS)):
            run_cell(page, index)
        expect(_output(page, 4)).to_contain_text("You predicted it: the pull")
        expect(_output(page, 5)).to_contain_text("You predicted it: 3")
        expect(_output(page, 6)).to_contain_text("You predicted it: the image is pulled")
        expect(_output(page, 8)).to_contain_text("Not yet: The same one again")
        expect(_output(page, 10)).to_contain_text("Passed: The same one again")
        expect(_output(page, 11)).to_contain_text("Exercises passed: 1 of 4.")
        expect(_output(page, 11)).to_contain_text("Predictions right: 3 of 3 (made: 3).")
        take_screenshot(page, "exercise")
        _check_that_a_restart_is_told(page)


def _check_that_a_restart_is_told(page: Page) -> None:
    """Nobody would take an answer any more, and the form says so."""
    run_cell(page, 1)
    expect(_form(page, 1).get_by_role("button", name="Lock my prediction")).to_be_visible()
    _cell(page, 1).locator(".jp-InputPrompt").click()
    page.keyboard.press("0")
    page.keyboard.press("0")
    page.locator(".jp-Dialog .jp-mod-accept").click(timeout=PATIENCE)
    expect(_form(page, 1).get_by_role("status")).to_contain_text("restarted", timeout=PATIENCE)
    expect(_form(page, 1).get_by_role("radio").first).to_be_disabled()


def _predict(page: Page) -> None:
    """Answer the choice by keyboard, the number by keyboard, the order by mouse."""
    run_cell(page, 1)
    form = _form(page, 1)
    form.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("locked: the pull", timeout=PATIENCE)
    expect(form.get_by_role("radio").first).to_be_disabled()
    run_cell(page, 2)
    form = _form(page, 2)
    field = form.get_by_label("Your number:")
    field.focus()
    page.keyboard.type("many")
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("with a number", timeout=PATIENCE)
    page.keyboard.press("Control+a")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("locked: 3", timeout=PATIENCE)
    run_cell(page, 3)
    form = _form(page, 3)
    form.get_by_role("button", name="Move up: the image is pulled").click()
    create = form.get_by_role("button", name="Move up: a container is created")
    create.click()
    create.click()
    form.get_by_role("button", name="Lock my prediction").click()
    expect(form.get_by_role("status")).to_contain_text("locked: the image", timeout=PATIENCE)


def _cell(page: Page, index: int) -> Locator:
    return page.locator(".jp-Notebook .jp-CodeCell").nth(index)


def _form(page: Page, index: int) -> Locator:
    return _cell(page, index).locator("form.dockerlab-predict")


def _output(page: Page, index: int) -> Locator:
    return _cell(page, index).locator(".jp-OutputArea").first
