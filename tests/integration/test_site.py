"""The site is built from the repository as it is: no network, no warning, every lesson a page."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dockerlab
from tests.notebooks.lessons import LESSONS, ROOT, read

pytestmark = pytest.mark.timeout(300)

REPOSITORY = "https://github.com/example/dockerlab"
NO_NETWORK = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https", "all")}
"""Whatever asks the network for something asks a proxy that is not there, and fails."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    words = ["-W", "--keep-going", "-q", "-c", "docs", "-d", str(folder / "doctrees")]
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, ".", str(folder / "html")],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DOCKERLAB_REPOSITORY": REPOSITORY, **NO_NETWORK},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr[-4000:]
    return folder / "html"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_lesson_is_a_page_with_its_outputs_and_a_button(path: Path, site: Path) -> None:
    page = (site / path.relative_to(ROOT).with_suffix(".html")).read_text()
    title = read(path).cells[0].source.splitlines()[0].removeprefix("# ")
    assert re.split("[:：]", title)[0] in page
    assert "dockerlab-card" in page
    place = f"lab/tree/{path.relative_to(ROOT)}"
    assert f"https://mybinder.org/v2/gh/example/dockerlab/main?urlpath={place}" in page


def test_every_document_is_a_page(site: Path) -> None:
    missing = [
        path.name
        for path in (ROOT / "docs").glob("*.md")
        if not (site / "docs" / f"{path.stem}.html").exists()
    ]
    assert not missing
    assert "docs/index.html" in (site / "index.html").read_text()


def test_the_library_is_described_whole(site: Path) -> None:
    page = (site / "docs/api.html").read_text()
    missing = [
        name
        for name in dockerlab.__all__
        if not name.startswith("__") and f'id="dockerlab.{name}"' not in page
    ]
    assert not missing


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    loading = [
        line
        for page in site.rglob("*.html")
        for line in page.read_text().splitlines()
        if ("<script" in line or "<link" in line) and "https://" in line
        if REPOSITORY not in line
    ]
    assert not loading
