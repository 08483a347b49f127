"""How JupyterLab is started."""

import os
import sys

import pytest

from scripts.lab import FIRST_LESSON, REPOSITORY, has_display, jupyter_command


def test_the_first_lesson_is_there() -> None:
    assert (REPOSITORY / FIRST_LESSON).is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_a_display_is_recognised() -> None:
    assert has_display({"DISPLAY": ":0"})
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"})
    assert not has_display({})


def test_no_browser_is_opened_where_there_is_no_display() -> None:
    assert "--no-browser" in jupyter_command(FIRST_LESSON, browser=False)
    assert "--no-browser" not in jupyter_command(FIRST_LESSON, browser=True)


def test_only_root_allows_root() -> None:
    allowed = "--allow-root" in jupyter_command(FIRST_LESSON, browser=False)
    assert allowed == (os.geteuid() == 0)
