"""The sharing graph, drawn by the real `dot`."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from dockerlab.graph import Drawing, draw_sharing
from dockerlab.graph.dot import ROOM, SMALLEST
from dockerlab.layers import Image, share
from dockerlab.layers.read import parse_image

SVG = "{http://www.w3.org/2000/svg}"


def image(name: str, *layers: tuple[str, int], tags: list[str] | None = None) -> Image:
    inspected = {
        "Id": "sha256:" + name * 12,
        "RepoTags": [f"{name}:latest"] if tags is None else tags,
        "Size": sum(size for _, size in layers),
        "RootFS": {"Layers": [f"sha256:{diff_id}" for diff_id, _ in layers]},
    }
    history = [{"CreatedBy": f"COPY {diff_id}", "Size": size} for diff_id, size in reversed(layers)]
    return parse_image(inspected, history)


def drawn() -> Drawing:
    return draw_sharing(
        share([image("a", ("base", 2_000_000), ("x<&>", 10)), image("b", ("base", 2_000_000))])
    )


def test_words_say_what_the_picture_shows() -> None:
    assert str(drawn()).splitlines() == [
        "Images: 2. Layers on disk: 2.",
        "  Image a:latest: 2MB, layers: 2.",
        "  Image b:latest: 2MB, layers: 1.",
        "  Layer of 2MB, COPY base, stored once and shared by a:latest, b:latest.",
        "  Layer of 10B, COPY x<&>, only in a:latest.",
        "  Sizes added up: 4MB. Stored: 2MB. Saved by sharing: 2MB.",
    ]


def test_the_svg_is_accessible_and_the_same_each_time() -> None:
    svg = drawn().svg
    assert svg is not None
    root = ET.fromstring(svg)  # noqa: S314 - our own
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Images: 2. Layers on disk: 2."
    assert "stored once and shared" in (root.findtext(f"{SVG}desc") or "")
    assert "graphviz version" not in svg
    assert svg == drawn().svg


@pytest.mark.parametrize("images", [2, 7, 15])
def test_a_wide_picture_is_made_smaller_as_long_as_it_can_be_read(images: int) -> None:
    base = ("base", 2_000_000)
    many = [image(chr(ord("a") + number), base, (f"own{number}", 9)) for number in range(images)]
    root = ET.fromstring(draw_sharing(share(many)).svg or "")  # noqa: S314
    width = float((root.get("width") or "").removesuffix("pt"))
    natural = float((root.get("viewBox") or "").split()[2])
    assert width == pytest.approx(min(natural, max(ROOM, natural * SMALLEST)), abs=1)


def test_each_layer_is_drawn_once_and_shared_ones_are_marked() -> None:
    root = ET.fromstring(drawn().svg or "")  # noqa: S314
    kinds = [group.get("class") for group in root.iter(f"{SVG}g")]
    assert kinds.count("node shared") == 1
    assert kinds.count("node own") == 1
    assert kinds.count("node plain") == 2


def test_a_dangling_image_is_named_by_its_id() -> None:
    assert "Image cccccccccccc" in str(draw_sharing(share([image("c", ("z", 1), tags=[])])))


def test_without_dot_the_words_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    drawing = drawn()
    assert drawing.svg is None
    assert "graphviz" in drawing.note
    assert "shared by a:latest" in str(drawing)
    with pytest.raises(ValueError, match="graphviz"):
        drawing.save("never.svg")


def test_a_drawing_is_saved(tmp_path: Path) -> None:
    assert drawn().save(tmp_path / "layers.svg").read_text().startswith("<svg")
