"""A notebook of a test's own: its cells run one by one, as a learner runs them."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.jupyterlab import SCREENSHOTS, take_the_kernel_offered

PATIENCE = 45_000
"""Milliseconds that anything may take to be seen: the machine of CI is slower than yours."""

SERIOUS = ("serious", "critical")


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """Write a notebook of these code cells."""
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]  # type: ignore[no-untyped-call]
    )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def run_cell(page: Page, index: int) -> Locator:
    """Run one cell as a learner does, wait for its number, and return its outputs."""
    prompt = cell_at(page, index).locator(".jp-InputPrompt")
    before = prompt.inner_text()
    for _ in range(10):
        take_the_kernel_offered(page)
        # While the kernel is still connecting JupyterLab drops the order without a word, or asks
        # which kernel to take, whichever comes first.
        with suppress(PlaywrightTimeout):
            prompt.click(timeout=3000)
            page.keyboard.press("Control+Enter")
            prompt.filter(has_not_text=before).wait_for(timeout=3000)
            break
    prompt.filter(has_text=re.compile(r"\[\d")).wait_for(timeout=90_000)
    return outputs_of(page, index)


def cell_at(page: Page, index: int) -> Locator:
    """The code cell of this number, from 0."""
    return page.locator(".jp-Notebook .jp-CodeCell").nth(index)


def outputs_of(page: Page, index: int) -> Locator:
    """What is shown below a cell."""
    return cell_at(page, index).locator(".jp-OutputArea").first


def keep_picture(widget: Locator, name: str) -> None:
    """Keep a picture of one widget beside those of whole notebooks."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    widget.screenshot(path=SCREENSHOTS / f"{name}.png", timeout=PATIENCE)


def serious_faults(page: Page, part: str) -> list[str]:
    """What axe-core finds serious in the parts of the page that `part` (CSS) selects."""
    found: dict[str, Any] = Axe().run(page, context={"include": [[part]]}).response
    return [
        f"{each['id']}: {each['help']}: {[node['html'] for node in each['nodes']]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]
