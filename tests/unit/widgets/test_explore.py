"""The explorer's tree: what is seen at a layer, what the layer did, and how it is found."""

import time

import pytest

from dockerlab.layers import Analysis
from dockerlab.layers.analysis import AnalyzedLayer
from dockerlab.layers.changes import find_changes
from dockerlab.layers.efficiency import measure_efficiency
from dockerlab.layers.entry import DIRECTORY, FILE, Entry
from dockerlab.layers.image import ChainID, DiffID, ImageID, Layer
from dockerlab.widgets.explore import Explorer
from dockerlab.widgets.explore.files import FilesAtLayer


def _file(path: str, size: int = 10, digest: bytes = b"1") -> Entry:
    return Entry(path.encode(), FILE, 0o644, 0, 0, size, digest=digest)


def _folder(path: str) -> Entry:
    return Entry(path.encode(), DIRECTORY, 0o755, 0, 0, 0)


def _analysis(*layers: list[Entry]) -> Analysis:
    analyzed = tuple(
        AnalyzedLayer(
            Layer(
                diff_id=DiffID(f"sha256:{number}"),
                chain_id=ChainID(f"sha256:c{number}"),
                parent=None,
                size=sum(entry.size for entry in entries),
                created_by=f"RUN step {number}",
            ),
            None,
            tuple(entries),
            changes,
        )
        for number, (entries, changes) in enumerate(zip(layers, find_changes(layers), strict=True))
    )
    return Analysis(ImageID("sha256:i"), ("lab:1",), analyzed, measure_efficiency(layers))


@pytest.fixture
def analysis() -> Analysis:
    return _analysis(
        [_folder("etc"), _file("etc/passwd"), _file("etc/motd"), _file("big", 1000)],
        [_file("etc/passwd", 12, b"2"), _file("etc/.wh.motd", 0), _file("opt/new/tool", 5)],
    )


def _rows(files: FilesAtLayer, key: str, *, changed: bool = False) -> dict[str, tuple[str, int]]:
    rows, left = files.children(key, changed=changed, order="name")
    assert left == 0
    return {row["name"]: (row["status"], row["size"]) for row in rows}


def test_the_lowest_layer_adds_all(analysis: Analysis) -> None:
    files = FilesAtLayer(analysis, 0)
    assert _rows(files, "") == {"big": ("added", 1000), "etc": ("added", 20)}


def test_a_layer_shows_what_it_does_to_what_is_below(analysis: Analysis) -> None:
    files = FilesAtLayer(analysis, 1)
    assert _rows(files, "etc") == {"motd": ("removed", 10), "passwd": ("modified", 12)}
    assert _rows(files, "opt/new") == {"tool": ("added", 5)}


def test_only_changes_and_the_way_to_them(analysis: Analysis) -> None:
    files = FilesAtLayer(analysis, 1)
    assert set(_rows(files, "")) == {"big", "etc", "opt"}
    assert set(_rows(files, "", changed=True)) == {"etc", "opt"}


def test_largest_first(analysis: Analysis) -> None:
    rows, _ = FilesAtLayer(analysis, 1).children("", changed=False, order="size")
    assert [row["name"] for row in rows] == ["big", "etc", "opt"]


def test_search_finds_by_name_first(analysis: Analysis) -> None:
    rows, total = FilesAtLayer(analysis, 1).search("ETC pass")
    assert [row["key"] for row in rows] == ["etc/passwd"]
    assert total == 1
    assert FilesAtLayer(analysis, 1).search("nowhere") == ([], 0)


def test_a_folder_that_is_not_there_is_empty(analysis: Analysis) -> None:
    assert FilesAtLayer(analysis, 1).children("no", changed=False, order="name") == ([], 0)


def test_names_that_are_no_text_can_be_asked_for() -> None:
    odd = Entry(b"a\xff/\x1b[2J", FILE, 0o644, 0, 0, 1)
    files = FilesAtLayer(_analysis([odd]), 0)
    rows, _ = files.children("", changed=False, order="name")
    assert rows[0]["name"] == "a\\xff"
    below, _ = files.children(rows[0]["key"], changed=False, order="name")
    assert below[0]["name"] == "\\x1b[2J"


def test_a_hundred_thousand_files_are_no_wait() -> None:
    many = [_file(f"usr/{n % 300}/{n % 7}/file{n}") for n in range(100_000)]
    began = time.process_time()
    files = FilesAtLayer(_analysis(many), 0)
    files.search("file99999")
    assert time.process_time() - began < 20  # of the processor: 2 s, its analysis included


def test_the_still_form_and_the_text_are_the_same_each_time(analysis: Analysis) -> None:
    explorer = Explorer(analysis)
    assert repr(explorer) == "<Files of lab:1>"
    assert explorer.still_html() == Explorer(analysis).still_html()
    assert "RUN step 1" in explorer.still_html()
    assert "/etc/passwd" in explorer.still_html()
