"""A JupyterLab of the test's own, on a copy of the notebooks, and a browser to look at it."""

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.engines.programs import need
from tests.engines.registry import free_port
from tests.engines.serving import serving
from tests.notebooks.lessons import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
RUN_SECONDS = 90
_QUIET = [
    "--no-sandbox",  # tests run as root, which Chromium's sandbox refuses
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SETTINGS = {
    # Cells outside the window would not be in the document, and could not be looked at.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@dataclass(frozen=True)
class JupyterLab:
    """A running server, and the folder that it shows."""

    url: str
    folder: Path


@contextmanager
def running_jupyterlab(state: Path, environ: Mapping[str, str]) -> Iterator[JupyterLab]:
    """JupyterLab on a copy of `notebooks/`, with no settings but the test's own."""
    folder = state / "course"
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    for name, settings in SETTINGS.items():
        path = state / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    port = free_port()
    log = state / "jupyterlab.log"
    with serving(
        _command(port, folder),
        ready=lambda: _answers(port),
        log=log,
        seconds=60,
        environment={**environ, **_homes(state)},
    ):
        yield JupyterLab(f"http://127.0.0.1:{port}", folder)


def _command(port: int, folder: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.ip=127.0.0.1",
        "--IdentityProvider.token=",
    ]


def _homes(state: Path) -> dict[str, str]:
    return {
        "JUPYTER_CONFIG_DIR": str(state / "config"),
        "JUPYTER_DATA_DIR": str(state / "data"),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
    }


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/status")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def browser_page(*, color_scheme: str = "light") -> Iterator[Page]:
    """A page of Debian's Chromium; `color_scheme` is what the reader's system prefers."""
    chromium = need("chromium", package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=_QUIET)
        context = browser.new_context(
            viewport={"width": 1280, "height": 1000},
            color_scheme="dark" if color_scheme == "dark" else "light",
        )
        try:
            yield context.new_page()
        finally:
            browser.close()


def open_notebook(page: Page, lab: JupyterLab, path: str) -> None:
    """Open a notebook and wait until its kernel is ready for orders."""
    page.goto(f"{lab.url}/lab/tree/{path}?reset")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    page.locator('[data-status="idle"]').first.wait_for(timeout=60_000)


def run_all(page: Page) -> None:
    """Choose Run > Run All Cells and wait until the last code cell has run."""
    _clear_outputs(page)
    last = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").last
    for _ in range(3):
        _order_all_cells(page)
        _wait_while_cells_wait(page)
        if last.filter(has_text=re.compile(r"\[\d+\]")).count():
            return
        # JupyterLab forgets what waits when its connection to the kernel was made anew meanwhile.
        # After an error it does so on purpose, and that is no reason to try again.
        if page.locator(".jp-OutputArea-output", has_text="Traceback").count():
            break
    take_screenshot(page, "run-all-stuck")
    raise RuntimeError("Run All did not get to the last cell: see run-all-stuck.png")


def _order_all_cells(page: Page) -> None:
    prompts = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt")
    for _ in range(10):
        take_the_kernel_offered(page)
        _choose(page, "Run", "Run All Cells")
        # While the kernel is still connecting JupyterLab drops the order without a word, or asks
        # which kernel to take, whichever comes first.
        with suppress(PlaywrightTimeout):
            prompts.first.filter(has_text=re.compile(r"\[[*\d]")).wait_for(timeout=3000)
            break


def _wait_while_cells_wait(page: Page) -> None:
    waiting = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").filter(has_text="[*]")
    # A cell that fails takes the marks from those behind it, so the last one to go is enough.
    with suppress(PlaywrightTimeout):
        waiting.last.wait_for(state="detached", timeout=RUN_SECONDS * 1000)


def take_the_kernel_offered(page: Page) -> None:
    """Accept the kernel in the dialog, if JupyterLab asks for one."""
    offered = page.locator(".jp-Dialog", has_text="Select Kernel").locator(".jp-mod-accept")
    if offered.is_visible():
        offered.click()


def _clear_outputs(page: Page) -> None:
    """Take away the saved numbers and outputs, which would be taken for this run's."""
    prompts = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt")
    numbered = prompts.filter(has_text=re.compile(r"\[\d"))
    # They are drawn after the cells; what is cleared before would come back.
    with suppress(PlaywrightTimeout):  # a notebook may have been saved without any
        numbered.last.wait_for(timeout=10_000)
    for _ in range(10):
        take_the_kernel_offered(page)
        _choose(page, "Edit", "Clear Outputs of All Cells")
        with suppress(PlaywrightTimeout):
            numbered.first.wait_for(state="detached", timeout=3000)
            return
    raise RuntimeError("the saved outputs cannot be cleared")


def _choose(page: Page, menu: str, entry: str) -> None:
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=entry, exact=True).click()


def take_screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the whole notebook for whoever wants to look."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    panel = page.locator(".jp-WindowedPanel-outer").first
    height = panel.evaluate("element => element.scrollHeight")
    page.set_viewport_size({"width": 1280, "height": min(int(height) + 200, 16_000)})
    page.wait_for_timeout(500)
    # Run All left the notebook scrolled to its end.
    panel.evaluate("element => element.scrollTo(0, 0)")
    page.wait_for_timeout(300)
    page.screenshot(path=path)
    return path
