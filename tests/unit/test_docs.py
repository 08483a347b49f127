"""What the pages say of this repository is true of it."""

import re
from pathlib import Path

import pytest

from tests.notebooks.lessons import FIRST
from tests.notebooks.record import PICTURE, first_picture

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert broken == []


def test_the_readmes_picture_is_the_recorded_one() -> None:
    assert PICTURE.read_text() == first_picture(FIRST)


@pytest.mark.parametrize("place", [".", "dockerlab", "dockerlab/engine"])
def test_the_map_names_all_that_is_there(place: str) -> None:
    page = (REPOSITORY / "ARCHITECTURE.md").read_text()
    there = [path for path in (REPOSITORY / place).iterdir() if path.name not in ("build", "dist")]
    folders = {f"{path.name}/" for path in there if path.is_dir()}
    wanted = {*folders, *(path.name for path in there if path.suffix == ".py")}
    named = {name for name in wanted if re.search(rf"[`/]{re.escape(name)}", page)}
    assert [name for name in sorted(wanted - named) if not name.startswith(("__", "."))] == []


def test_the_content_flow_names_files_by_where_they_are() -> None:
    page = (REPOSITORY / "docs/content-flow.md").read_text()
    named = re.findall(r"\[([\w/]+\.py)\]\((\S+?)\)", page)
    assert [link for name, link in named if link != f"../dockerlab/engine/{name}"] == []
    drawn = re.findall(r'"([\w/]+(?:/|\.py))[<"]', page)
    assert [name for name in drawn if not (REPOSITORY / "dockerlab/engine" / name).exists()] == []
    assert len(named) > 25
    assert len(drawn) > 5


@pytest.mark.parametrize(
    "folder",
    [
        "builder",
        "containers",
        "containers/logs",
        "containers/spec",
        "distribution",
        "images",
        "runtime",
        "unpack",
    ],
)
def test_the_reading_order_of_a_folder_names_all_that_is_in_it(folder: str) -> None:
    place = REPOSITORY / "dockerlab/engine" / folder
    told = set(re.findall(r"``(\w+)``", (place / "__init__.py").read_text()))
    there = {path.stem for path in place.glob("*.py") if path.stem != "__init__"}
    assert sorted(there - told) == []
