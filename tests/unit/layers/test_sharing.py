"""Sharing is counted by chain ID, to the byte."""

from dockerlab.layers import Image, ImageID, chain_ids, share
from dockerlab.layers.image import DiffID
from dockerlab.layers.read import parse_image


def image(name: str, *layers: tuple[str, int]) -> Image:
    inspected = {
        "Id": f"sha256:{name}",
        "RepoTags": [f"{name}:latest"],
        "Size": sum(size for _, size in layers),
        "RootFS": {"Layers": [f"sha256:{diff_id}" for diff_id, _ in layers]},
    }
    history = [{"CreatedBy": f"COPY {diff_id}", "Size": size} for diff_id, size in reversed(layers)]
    return parse_image(inspected, history)


def test_a_shared_base_is_stored_once() -> None:
    sharing = share([image("a", ("base", 100), ("x", 7)), image("b", ("base", 100), ("y", 5))])
    assert (sharing.listed_bytes, sharing.stored_bytes, sharing.saved_bytes) == (212, 112, 100)
    assert [len(each.images) for each in sharing.layers] == [2, 1, 1]
    assert sharing.freed_by_removing(ImageID("sha256:a")) == 7


def test_the_same_content_on_another_base_is_another_layer() -> None:
    # A chain ID names a layer with everything below it: engines store these two apart.
    sharing = share([image("a", ("base", 100), ("x", 7)), image("b", ("other", 90), ("x", 7))])
    assert sharing.saved_bytes == 0
    assert not any(each.is_shared for each in sharing.layers)


def test_one_image_under_two_names_counts_once() -> None:
    once = image("a", ("base", 100))
    assert share([once, once]).listed_bytes == 100


def test_nothing_shares_nothing() -> None:
    assert share([]).stored_bytes == 0


def test_an_image_from_scratch_without_layers() -> None:
    assert share([image("empty")]).layers == ()


def test_chain_ids_are_those_of_the_specification() -> None:
    # ChainID(L0|L1) = SHA256(ChainID(L0) + " " + DiffID(L1)), computed here with sha256sum.
    first, second = DiffID("sha256:" + "a" * 64), DiffID("sha256:" + "b" * 64)
    assert chain_ids([first, second]) == (
        "sha256:" + "a" * 64,
        "sha256:ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c",
    )
