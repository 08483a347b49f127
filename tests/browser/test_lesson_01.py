"""Lesson 1 by "Run All" in a real JupyterLab."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.jupyterlab import (
    JupyterLab,
    browser_page,
    open_notebook,
    run_all,
    running_jupyterlab,
    take_screenshot,
)
from tests.engines.engine import Engine
from tests.notebooks.lessons import environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def lab(docker_engine: Engine, tmp_path: Path) -> Iterator[JupyterLab]:
    environ = environment(docker_engine.environment, state=tmp_path / "state")
    with running_jupyterlab(tmp_path, environ) as running:
        yield running


def test_run_all(lab: JupyterLab) -> None:
    with browser_page() as page:
        open_notebook(page, lab, "notebooks/en/01-hello-world.ipynb")
        run_all(page)
        take_screenshot(page, "lesson-01")
        assert page.locator(".jp-OutputArea-output", has_text="Traceback").count() == 0
        greeting = _outputs_of(page, "!docker run hello-world").first.inner_text()
        assert "Hello from a container!" in greeting
        _check_picture(_outputs_of(page, "dockerlab.what_happened()").first)
        _check_picture(_outputs_of(page, 'dockerlab.show_containers("hello-world")').first)
        assert "Cleaned up" in _outputs_of(page, "lesson.end()").first.inner_text()


def _outputs_of(page: Page, source: str) -> Locator:
    """The outputs of the cells whose source holds these words."""
    cells = page.locator(".jp-CodeCell").filter(
        has=page.locator(".jp-InputArea-editor", has_text=source)
    )
    return cells.locator(".jp-OutputArea")


def _check_picture(output: Locator) -> None:
    """A picture is really drawn, and its words unfold."""
    picture = output.locator("img, svg").first
    picture.wait_for()
    drawn = picture.evaluate("element => element.naturalWidth ?? element.clientWidth")
    assert drawn > 300
    words = output.locator("details")
    assert not words.locator("li").first.is_visible()
    words.locator("summary").click()
    assert words.locator("li").first.is_visible()
