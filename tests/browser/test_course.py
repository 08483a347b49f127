"""The whole course, lesson by lesson, by "Run All" in a real JupyterLab on the embedded engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.jupyterlab import (
    JupyterLab,
    browser_page,
    open_notebook,
    run_all,
    running_jupyterlab,
    take_screenshot,
)
from tests.engines.engine import Engine
from tests.notebooks.lessons import ORIGINALS, ROOT, TAUGHT, TRANSLATIONS, environment, lesson_id

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

IN_OTHER_WORDS = [path for path in TRANSLATIONS if path.stem == "06-layers"]
"""One lesson of each other language, with pictures and exercises: the code is the originals'."""
CLEANED_UP = {"en": "Cleaned up", "zh": "清理完毕"}


@pytest.fixture(scope="module")
def lab(oci_root_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    state = tmp_path_factory.mktemp("course")
    environ = environment(oci_root_engine.environment, state=state / "state")
    with running_jupyterlab(state, environ) as running:
        yield running


@pytest.mark.parametrize("lesson", [*ORIGINALS, *IN_OTHER_WORDS], ids=lesson_id)
def test_a_lesson_runs_to_its_end(lab: JupyterLab, lesson: Path) -> None:
    with browser_page() as page:
        open_notebook(page, lab, str(lesson.relative_to(ROOT)))
        run_all(page)
        take_screenshot(page, lesson_id(lesson).replace("/", "-"))
        outputs = page.locator(".jp-OutputArea-output")
        assert outputs.filter(has_text="Traceback").count() == 0
        assert page.locator(".jp-RenderedText[data-mime-type*=stderr]").count() == 0
        if lesson in TAUGHT:
            assert outputs.filter(has_text=CLEANED_UP[lesson.parent.name]).count() == 1
