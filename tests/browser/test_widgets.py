"""Every widget in a real JupyterLab, by keyboard and by mouse; axe-core reads each of them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.cells import PATIENCE, run_cell, serious_faults, write_notebook
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

START = (
    "import dockerlab\nclient = dockerlab.connect(show=False)\n"
    'lesson = dockerlab.start_lesson("99-widgets", images=["centos"])\n'
    "!docker pull --quiet centos"
)
CELLS = {
    "terminal": (START, 'dockerlab.terminal("centos", "/bin/bash")', "lesson.end()"),
    "inspect": (START, 'dockerlab.inspect("centos")', "lesson.end()"),
    "explore": (START, 'dockerlab.explore("centos")', "lesson.end()"),
    # Without a PATH there is no `dot`.
    "graph": (START, 'import os\nos.environ["PATH"] = ""\ndockerlab.show_layers("centos")'),
    "pull": (START, 'dockerlab.pull("nginx:alpine")', "lesson.end()"),
}


@pytest.fixture
def lab(oci_root_engine: Engine, tmp_path: Path) -> Iterator[JupyterLab]:
    environ = environment(oci_root_engine.environment, state=tmp_path / "state")
    with running_jupyterlab(tmp_path, environ | {"DOCKERLAB_LANG": "en"}) as running:
        for name, cells in CELLS.items():
            write_notebook(running.folder / f"{name}.ipynb", cells)
        yield running


def _opened(page: Page, lab: JupyterLab, name: str) -> Locator:
    """Open the notebook of one widget, run its first two cells, and return the widget."""
    open_notebook(page, lab, f"{name}.ipynb")
    run_cell(page, 0)
    widget = run_cell(page, 1).locator(".dockerlab-widget")
    widget.wait_for(timeout=PATIENCE)
    return widget


def test_every_widget(lab: JupyterLab) -> None:
    # One JupyterLab and one browser for all: starting them is most of the time that this takes.
    with browser_page() as page:
        foreign: list[str] = []
        page.on("request", lambda asked: foreign.append(asked.url))
        try:
            for check in CHECKS:
                check(page, lab)
        except BaseException:
            take_screenshot(page, "widgets-stuck")
            raise
        here = (lab.url, lab.url.replace("http", "ws", 1), "blob:", "data:")
        assert [url for url in foreign if not url.startswith(here)] == []


def _check_terminal(page: Page, lab: JupyterLab) -> None:
    widget = _opened(page, lab, "terminal")
    screen = widget.locator(".xterm-rows")
    expect(screen).to_contain_text("#", timeout=PATIENCE)
    expect(widget.get_by_role("status")).to_contain_text("Running")
    widget.locator(".xterm-screen").click()
    page.keyboard.type("cat /etc/os-release")
    page.keyboard.press("Enter")
    # Ctrl-C throws away what was typed ahead, so each line waits for what comes before it.
    expect(screen).to_contain_text(re.compile("PRETTY_NAME=.*HOME_URL=.*# "), timeout=PATIENCE)
    page.keyboard.type("echo slee''ping; sleep 1000")
    page.keyboard.press("Enter")
    expect(screen).to_contain_text("sleeping", timeout=PATIENCE)
    page.keyboard.press("Control+c")
    expect(screen).to_contain_text(re.compile(r"\^C.*# "), timeout=PATIENCE)
    page.keyboard.type("echo code=$?")
    page.keyboard.press("Enter")
    expect(screen).to_contain_text("code=130", timeout=PATIENCE)
    assert serious_faults(page, ".dockerlab-widget") == []
    take_screenshot(page, "widget-terminal")
    page.keyboard.press("F6")
    expect(widget.get_by_role("button", name="End the session")).to_be_focused()
    page.keyboard.press("Enter")
    expect(widget.get_by_role("status")).to_contain_text("The session has ended", timeout=PATIENCE)
    expect(run_cell(page, 2)).to_contain_text("Cleaned up", timeout=PATIENCE)


def _check_inspect(page: Page, lab: JupyterLab) -> None:
    widget = _opened(page, lab, "inspect")
    expect(widget).to_contain_text("Run-time configuration")
    about = widget.get_by_text("The environment variables that every container")
    expect(about).not_to_be_visible()
    widget.locator("summary", has_text="Environment").focus()
    page.keyboard.press("Enter")
    expect(about).to_be_visible()
    widget.get_by_role("searchbox").click()
    page.keyboard.type("working dir")
    expect(widget.get_by_role("status")).to_have_text(re.compile(r"\d+ of \d+ fields"))
    expect(widget.locator("summary", has_text="Environment")).not_to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    assert serious_faults(page, ".dockerlab-widget") == []
    take_screenshot(page, "widget-inspect")
    widget.get_by_role("button", name="Raw JSON").click()
    expect(widget.locator("pre")).to_contain_text('"RootFS"')


def _check_explore(page: Page, lab: JupyterLab) -> None:
    widget = _opened(page, lab, "explore")
    tree = widget.get_by_role("tree")
    expect(tree.get_by_role("treeitem").first).to_be_visible(timeout=PATIENCE)
    widget.get_by_role("radio").first.check()
    etc = tree.get_by_role("treeitem", name=re.compile("^etc,"))
    etc.click(timeout=PATIENCE)
    inside = tree.locator('[aria-level="2"]')
    expect(inside.first).to_be_visible(timeout=PATIENCE)
    tree.focus()
    page.keyboard.press("ArrowLeft")
    expect(inside).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(inside.first).to_be_visible(timeout=PATIENCE)
    widget.get_by_role("radio").last.check()
    page.keyboard.press("/")
    expect(widget.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("os-release")
    hit = widget.get_by_role("button", name="/etc/os-release")
    hit.click(timeout=PATIENCE)
    chosen = tree.locator('[aria-selected="true"]')
    expect(chosen).to_contain_text("os-release", timeout=PATIENCE)
    assert serious_faults(page, ".dockerlab-widget") == []
    take_screenshot(page, "widget-explore")


def _check_graph(page: Page, lab: JupyterLab) -> None:
    widget = _opened(page, lab, "graph")
    picture = widget.get_by_role("img", name="Images: 1.")
    picture.wait_for(timeout=PATIENCE)
    assert picture.evaluate("element => element.naturalWidth") > 100
    words = widget.get_by_text("Image centos:latest:")
    expect(words).not_to_be_visible()
    widget.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(words).to_be_visible()
    for name, start in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download(timeout=PATIENCE) as download:
            widget.get_by_role("button", name=f"Save as {name}").click()
        assert Path(download.value.path()).read_bytes().startswith(start)
    assert serious_faults(page, ".dockerlab-widget") == []
    take_screenshot(page, "widget-graph")


def _check_pull(page: Page, lab: JupyterLab) -> None:
    widget = _opened(page, lab, "pull")
    expect(widget.get_by_role("status")).to_have_text("Done.", timeout=PATIENCE)
    widget.locator("summary").click()
    expect(widget.get_by_role("region")).to_contain_text("Digest: sha256:")
    assert serious_faults(page, ".dockerlab-widget") == []
    take_screenshot(page, "widget-pull")


CHECKS = (_check_terminal, _check_inspect, _check_explore, _check_graph, _check_pull)
