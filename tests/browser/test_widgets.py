"""Every widget in a real JupyterLab, by keyboard and by mouse; axe-core reads each of them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.cells import (
    PATIENCE,
    cell_at,
    keep_picture,
    outputs_of,
    run_cell,
    serious_faults,
    write_notebook,
)
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
BUILD = (
    "from pathlib import Path\n"
    'folder = Path("built")\nfolder.mkdir()\n'
    '(folder / "Dockerfile").write_text("FROM centos\\nRUN echo said while building > /said\\n")\n'
    'dockerlab.build(folder, tag="widgets-test")'
)
CELLS = (
    START,
    'dockerlab.terminal("centos", "/bin/bash")',
    'dockerlab.inspect("centos")',
    'dockerlab.explore("centos")',
    'dockerlab.pull("nginx:alpine")',
    BUILD,
    # Without a PATH there is no `dot`.
    'import os\nos.environ["PATH"] = ""\ndockerlab.show_layers("centos")',
    'names = client.containers.list(all=True, filters={"label": "org.dockerlab.terminal"})\n'
    'print("terminals:", len(names))',
    "lesson.end()",
)
TERMINAL, INSPECT, EXPLORE, PULL, BUILD_CELL, GRAPH, COUNT, END = range(1, len(CELLS))


@pytest.fixture
def lab(oci_root_engine: Engine, tmp_path: Path) -> Iterator[JupyterLab]:
    environ = environment(oci_root_engine.environment, state=tmp_path / "state")
    with running_jupyterlab(tmp_path, environ | {"DOCKERLAB_LANG": "en"}) as running:
        write_notebook(running.folder / "widgets.ipynb", CELLS)
        yield running


def test_every_widget(lab: JupyterLab) -> None:
    # One notebook for all: starting JupyterLab, a browser and a kernel is most of the time.
    with browser_page() as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        open_notebook(page, lab, "widgets.ipynb")
        try:
            run_cell(page, 0)
            _check_terminal(page)
            _check_inspect(page)
            _check_explore(page)
            _check_pull(page)
            _check_build(page)
            _check_graph(page)
            _check_the_dark_theme(page)
            _check_that_a_terminal_goes_with_its_cell(page)
            # One cell less by now.
            expect(run_cell(page, END - 1)).to_contain_text("Cleaned up", timeout=PATIENCE)
        except BaseException:
            take_screenshot(page, "widgets-stuck")
            raise
        here = (lab.url, "blob:", "data:")
        assert [url for url in asked if not url.startswith(here)] == []


def _opened(page: Page, index: int) -> Locator:
    """Run a cell, and return the widget that it shows."""
    widget = run_cell(page, index).locator(".dockerlab-widget")
    widget.wait_for(timeout=PATIENCE)
    return widget


def _check_terminal(page: Page) -> None:
    widget = _opened(page, TERMINAL)
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
    _check_copy_and_paste(page, screen)
    assert serious_faults(page, ".dockerlab-widget") == []
    keep_picture(widget, "widget-terminal")
    # More than Python sends ahead of what the browser has shown.
    page.keyboard.type("yes | head -n 400000; echo all sh''own")
    page.keyboard.press("Enter")
    expect(screen).to_contain_text("all shown", timeout=PATIENCE)
    page.keyboard.press("F6")
    expect(widget.get_by_role("button", name="End the session")).to_be_focused()
    page.keyboard.press("Enter")
    expect(widget.get_by_role("status")).to_contain_text("The session has ended", timeout=PATIENCE)


def _check_copy_and_paste(page: Page, screen: Locator) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('echo pas' + '\\'\\'ted-text')")
    page.keyboard.press("Control+v")
    expect(screen).to_contain_text("echo pas''ted-text", timeout=PATIENCE)
    page.keyboard.press("Enter")
    line = screen.locator("div").filter(has_text=re.compile("^pasted-text"))
    expect(line).to_have_count(1, timeout=PATIENCE)
    place = line.bounding_box()
    assert place is not None
    page.mouse.dblclick(place["x"] + 12, place["y"] + place["height"] / 2)
    page.keyboard.press("Control+c")
    page.wait_for_function(
        "async () => (await navigator.clipboard.readText()) === 'pasted-text'", timeout=PATIENCE
    )
    assert page.evaluate("navigator.clipboard.readText()") == "pasted-text"


def _check_inspect(page: Page) -> None:
    widget = _opened(page, INSPECT)
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
    keep_picture(widget, "widget-inspect")
    widget.get_by_role("button", name="Raw JSON").click()
    expect(widget.locator("pre")).to_contain_text('"RootFS"')


def _check_explore(page: Page) -> None:
    widget = _opened(page, EXPLORE)
    tree = widget.get_by_role("tree")
    expect(tree.get_by_role("treeitem").first).to_be_visible(timeout=PATIENCE)
    widget.get_by_role("radio").first.check()
    # The tree of that layer: what is clicked in the one before it is drawn anew under the mouse.
    tree.locator('[data-status="added"][aria-label^="etc,"]').click(timeout=PATIENCE)
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
    keep_picture(widget, "widget-explore")


def _check_graph(page: Page) -> None:
    widget = _opened(page, GRAPH)
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
    keep_picture(widget, "widget-graph")


def _check_pull(page: Page) -> None:
    widget = _opened(page, PULL)
    expect(widget.get_by_role("status")).to_have_text("Done.", timeout=PATIENCE)
    widget.locator("summary").click()
    expect(widget.get_by_role("region")).to_contain_text("Digest: sha256:")
    assert serious_faults(page, ".dockerlab-widget") == []
    keep_picture(widget, "widget-pull")


def _check_build(page: Page) -> None:
    widget = _opened(page, BUILD_CELL)
    expect(widget.get_by_role("status")).to_have_text("Done.", timeout=PATIENCE)
    steps = widget.locator(".dockerlab-progress-row")
    expect(steps).to_have_count(3)  # the last is the lesson's label
    expect(steps.nth(1)).to_contain_text("RUN echo said while building")
    expect(steps.nth(1)).to_contain_text("done")
    widget.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(widget.get_by_role("region")).to_contain_text("Successfully tagged widgets-test")
    expect(outputs_of(page, BUILD_CELL)).to_contain_text("widgets-test is built. Steps: 3.")
    assert serious_faults(page, ".dockerlab-widget") == []
    keep_picture(widget, "widget-build")


def _check_the_dark_theme(page: Page) -> None:
    """All widgets so far are still on the page."""
    page.get_by_role("menuitem", name="Settings").click()
    for entry in ("Theme", "JupyterLab Dark"):  # JupyterLab gives these no name but their text
        label = page.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True)
        label.click(timeout=PATIENCE)
    dark = page.locator('body[data-jp-theme-light="false"]')
    expect(dark).to_have_count(1, timeout=PATIENCE)
    expect(page.locator(".dockerlab-widget")).to_have_count(GRAPH, timeout=PATIENCE)
    assert serious_faults(page, ".dockerlab-widget") == []
    for name, index in (("terminal", TERMINAL), ("explore", EXPLORE), ("build", BUILD_CELL)):
        keep_picture(cell_at(page, index).locator(".dockerlab-widget"), f"widget-{name}-dark")


def _check_that_a_terminal_goes_with_its_cell(page: Page) -> None:
    widget = _opened(page, TERMINAL)
    expect(widget.locator(".xterm-rows")).to_contain_text("# ", timeout=PATIENCE)
    expect(run_cell(page, COUNT)).to_contain_text("terminals: 1", timeout=PATIENCE)
    cell_at(page, TERMINAL).locator(".jp-InputPrompt").click()
    page.keyboard.press("d")
    page.keyboard.press("d")
    expect(page.locator(".dockerlab-terminal")).to_have_count(0, timeout=PATIENCE)
    for _ in range(20):
        if "terminals: 0" in run_cell(page, COUNT - 1).inner_text():
            return
    raise AssertionError("the terminal's container is still there, and its cell is gone")
