"""Pictures of many images: what is alike is drawn as one, nothing is lost from the words."""

from pathlib import Path

from dockerlab.graph import Removal, draw_sharing
from dockerlab.graph.collapsing import MOST_BOXES, arrange
from dockerlab.layers import Image, Sharing, share
from dockerlab.layers.read import parse_image


def _image(name: str, *layers: str) -> Image:
    inspected = {
        "Id": f"sha256:{name}",
        "RepoTags": [f"{name}:latest"],
        "Size": 1000 * len(layers),
        "RootFS": {"Layers": [f"sha256:{layer}" for layer in layers]},
    }
    history = [{"CreatedBy": f"COPY {layer}", "Size": 1000} for layer in reversed(layers)]
    return parse_image(inspected, history)


def _many(bases: int, each: int) -> Sharing:
    return share(
        _image(f"app-{base}-{number}", f"base{base}", f"more{base}", f"own-{base}-{number}")
        for base in range(bases)
        for number in range(each)
    )


def test_few_images_are_drawn_as_they_are() -> None:
    sharing = _many(1, 3)
    boxes = arrange(sharing)
    assert not boxes.is_collapsed
    assert len(boxes.images) == 3
    assert len(boxes.layers) == len(sharing.layers)


def test_a_hundred_images_of_a_few_bases_are_readable() -> None:
    boxes = arrange(_many(4, 25))
    assert boxes.count <= MOST_BOXES
    assert sum(len(box.images) for box in boxes.images) == 100
    assert max(len(box.images) for box in boxes.images) == 23


def test_a_hundred_images_of_fifty_bases_are_readable() -> None:
    boxes = arrange(_many(50, 2))
    assert boxes.count <= MOST_BOXES
    assert sum(len(box.images) for box in boxes.images) == 100


def test_images_that_share_nothing_are_readable() -> None:
    boxes = arrange(share(_image(f"i{number}", f"own{number}") for number in range(100)))
    assert boxes.count <= MOST_BOXES
    assert sum(len(box.images) for box in boxes.images) == 100


def test_layers_that_always_come_together_are_one_box() -> None:
    boxes = arrange(_many(4, 25))
    assert [len(box.layers) for box in boxes.layers if box.is_shared] == [2] * 4


def test_an_image_that_is_asked_about_keeps_its_box() -> None:
    sharing = _many(4, 25)
    apart = sharing.images[-1].id
    boxes = arrange(sharing, apart={apart})
    assert [box for box in boxes.images if apart in {image.id for image in box.images}] == [
        box for box in boxes.images if box.images[0].id == apart and len(box.images) == 1
    ]


def test_the_picture_says_what_was_collapsed_and_names_all() -> None:
    sharing = _many(4, 25)
    drawing = draw_sharing(sharing)
    assert "What is alike is drawn as one" in drawing.title
    words = str(drawing)
    assert all(f"Image {image.name}:" in words for image in sharing.images)
    assert words.count("Drawn as one box") == 4
    assert "23 more images" in (drawing.svg or "")


def test_what_a_removal_would_free_is_marked() -> None:
    sharing = _many(1, 3)
    gone = sharing.images[0]
    freed = frozenset(each.layer.chain_id for each in sharing.layers if each.images == (gone.id,))
    removal = Removal(frozenset({gone.id}), freed, 1000, ("A note.",))
    drawing = draw_sharing(sharing, removal=removal)
    svg = drawing.svg or ""
    assert svg.count('class="node freed"') == 2
    assert svg.count("would be freed") >= 1
    assert "Removing app-0-0:latest would free 1kB." in drawing.title
    assert str(drawing).splitlines()[-1] == "  A note."


def test_png_and_svg_are_saved(tmp_path: Path) -> None:
    drawing = draw_sharing(_many(1, 2))

    folder = tmp_path
    assert drawing.save(folder / "x.png").read_bytes().startswith(b"\x89PNG")
    assert drawing.save(folder / "x.svg").read_text().startswith("<svg")
