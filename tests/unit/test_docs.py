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


def test_the_map_names_every_package_of_the_engine() -> None:
    page = (REPOSITORY / "ARCHITECTURE.md").read_text()
    folders = [path.parent.name for path in REPOSITORY.glob("dockerlab/engine/*/__init__.py")]
    assert [name for name in sorted(folders) if f"`{name}/`" not in page] == []
