"""How JupyterLab is started."""

import os
import sys

import pytest

from scripts.lab import REPOSITORY, first_lesson, has_display, jupyter_command

LESSON = "notebooks/en/01-hello-world.ipynb"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_first_lesson_is_in_the_readers_language(language: str) -> None:
    lesson = first_lesson({"DOCKERLAB_LANG": language})
    assert lesson.startswith(f"notebooks/{language}/")
    assert (REPOSITORY / lesson).is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_a_display_is_recognised() -> None:
    assert has_display({"DISPLAY": ":0"})
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"})
    assert not has_display({})


def test_no_browser_is_opened_where_there_is_no_display() -> None:
    assert "--no-browser" in jupyter_command(LESSON, browser=False)
    assert "--no-browser" not in jupyter_command(LESSON, browser=True)


def test_only_root_allows_root() -> None:
    allowed = "--allow-root" in jupyter_command(LESSON, browser=False)
    assert allowed == (os.geteuid() == 0)
