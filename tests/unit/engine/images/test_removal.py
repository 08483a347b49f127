import pytest

from dockerlab.engine.errors import Conflict, NotFound
from dockerlab.engine.filters import Filters
from dockerlab.engine.images.model import Removal
from dockerlab.engine.oci import DiffID, ImageID, chain_ids
from tests.unit.engine.images.conftest import BASE, CHILD, OTHER, Lab

BASE_ID, CHILD_ID = BASE.config.digest, CHILD.config.digest
BASE_SHORT = BASE_ID[7:19]
CONTAINER = "c0ffee" * 10 + "abcd"
BASE_LAYER, CHILD_LAYER = chain_ids([DiffID(layer.diff_id) for layer in CHILD.layers])


def told(removals: tuple[Removal, ...]) -> list[str]:
    """As the CLI prints them."""
    return [f"Untagged: {r.untagged}" if r.untagged else f"Deleted: {r.deleted}" for r in removals]


async def test_the_last_name_takes_the_image_and_its_own_layers(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    await lab.load(CHILD.archive("child:1"))
    assert told(await lab.images.remove("child:1")) == [
        "Untagged: child:1",
        f"Deleted: {CHILD_ID}",
        f"Deleted: {CHILD_LAYER}",
    ]
    assert told(await lab.images.remove("base:1")) == [
        "Untagged: base:1",
        f"Deleted: {BASE_ID}",
        f"Deleted: {BASE_LAYER}",
    ]
    assert lab.left() == (0, 0, 0)
    assert lab.happened() == ["load", "load", "untag", "delete", "untag", "delete"]


async def test_one_of_several_names(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1", "base:2", "other:1"))
    assert told(await lab.images.remove("base:1")) == ["Untagged: base:1"]
    with pytest.raises(Conflict) as refused:
        await lab.images.remove(BASE_SHORT)
    assert str(refused.value) == (
        f"conflict: unable to delete {BASE_SHORT} (must be forced) - "
        "image is referenced in multiple repositories"
    )
    assert told(await lab.images.remove(BASE_SHORT, force=True)) == [
        "Untagged: base:2",
        "Untagged: other:1",
        f"Deleted: {BASE_ID}",
        f"Deleted: {BASE_LAYER}",
    ]
    assert lab.left() == (0, 0, 0)


async def test_an_id_removes_the_only_name(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    assert told(await lab.images.remove(BASE_SHORT))[0] == "Untagged: base:1"
    with pytest.raises(NotFound, match="No such image: base:1"):
        await lab.images.remove("base:1")


async def test_a_digest_goes_with_the_last_tag_of_its_repository(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1", "other:1"))
    digest = "base@sha256:" + "1" * 64
    with lab.database.transaction() as connection:
        connection.execute(
            "INSERT INTO image_names VALUES (?, ?)", (f"docker.io/library/{digest}", BASE_ID)
        )
    assert told(await lab.images.remove("base:1")) == ["Untagged: base:1", f"Untagged: {digest}"]
    assert lab.images.resolve("other:1").names == ("docker.io/library/other:1",)


async def test_a_stopped_container_must_be_overridden(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    lab.use(BASE, CONTAINER, status="exited")
    with pytest.raises(Conflict) as refused:
        await lab.images.remove("base:1")
    assert str(refused.value) == (
        'conflict: unable to remove repository reference "base:1" (must force) - '
        f"container {CONTAINER[:12]} is using its referenced image {BASE_SHORT}"
    )
    with pytest.raises(Conflict) as refused:
        await lab.images.remove(BASE_SHORT)
    assert str(refused.value) == (
        f"conflict: unable to delete {BASE_SHORT} (must be forced) - "
        f"image is being used by stopped container {CONTAINER[:12]}"
    )
    # The layer stays, for the container's sake, until that goes too.
    assert told(await lab.images.remove("base:1", force=True)) == [
        "Untagged: base:1",
        f"Deleted: {BASE_ID}",
    ]
    assert lab.snapshots.stat(BASE_LAYER).name == BASE_LAYER
    lab.remove_container(CONTAINER)
    await lab.images.release(ImageID(BASE_ID))
    assert lab.left() == (0, 0, 0)


@pytest.mark.parametrize("status", ["running", "paused"])
async def test_a_running_container_cannot_be_overridden(lab: Lab, status: str) -> None:
    await lab.load(BASE.archive("base:1"))
    lab.use(BASE, CONTAINER, status=status)
    with pytest.raises(Conflict) as refused:
        await lab.images.remove(BASE_SHORT, force=True)
    assert str(refused.value) == (
        f"conflict: unable to delete {BASE_SHORT} (cannot be forced) - "
        f"image is being used by running container {CONTAINER[:12]}"
    )
    # By name, force takes the name and leaves the image.
    assert told(await lab.images.remove("base:1", force=True)) == ["Untagged: base:1"]
    assert lab.images.resolve(BASE_ID).names == ()


async def test_another_name_may_go_while_a_container_runs(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1", "base:2"))
    lab.use(BASE, CONTAINER, status="running")
    assert told(await lab.images.remove("base:1")) == ["Untagged: base:1"]


async def test_a_parent_waits_for_its_child(lab: Lab) -> None:
    await lab.load(BASE.archive())
    await lab.load(CHILD.archive("child:1"))
    with lab.database.transaction() as connection:
        connection.execute("UPDATE images SET parent = ? WHERE image_id = ?", (BASE_ID, CHILD_ID))
    with pytest.raises(Conflict) as refused:
        await lab.images.remove(BASE_SHORT, force=True)
    assert str(refused.value) == (
        f"conflict: unable to delete {BASE_SHORT} (cannot be forced) - "
        "image has dependent child images"
    )
    assert [summary.id for summary in lab.images.list()] == [CHILD_ID]
    assert len(lab.images.list(every=True)) == 2
    newest, oldest = lab.images.history("child:1")
    assert [newest.id, oldest.id] == [CHILD_ID, BASE_ID]
    assert told(await lab.images.remove("child:1")) == [
        "Untagged: child:1",
        f"Deleted: {CHILD_ID}",
        f"Deleted: {CHILD_LAYER}",
        f"Deleted: {BASE_ID}",
        f"Deleted: {BASE_LAYER}",
    ]


async def test_prune_takes_what_has_no_name(lab: Lab) -> None:
    await lab.load(BASE.archive())
    await lab.load(OTHER.archive("other:1"))
    report = await lab.images.prune()
    assert told(report.images_deleted or ()) == [f"Deleted: {BASE_ID}", f"Deleted: {BASE_LAYER}"]
    assert report.space_reclaimed == 1100
    assert lab.recent()[-1].attributes == {"reclaimed": "1100"}
    assert (await lab.images.prune()).images_deleted is None


async def test_prune_all_spares_what_is_used_or_does_not_meet_the_filters(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    await lab.load(CHILD.archive("child:1"))
    await lab.load(OTHER.archive("other:1"))
    lab.use(OTHER, CONTAINER, status="exited")
    wanted = Filters.from_json('{"dangling": ["false"], "label!": ["child"]}')
    report = await lab.images.prune(wanted)
    assert told(report.images_deleted or ()) == ["Untagged: base:1", f"Deleted: {BASE_ID}"]
    assert {s.repo_tags for s in lab.images.list()} == {("child:1",), ("other:1",)}
