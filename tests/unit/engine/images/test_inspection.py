import pytest

from dockerlab.engine.errors import InvalidParameter, NotFound
from dockerlab.engine.oci import Platform
from tests.engines.images import Image, layer
from tests.unit.engine.images.conftest import BASE, CHILD, Lab


@pytest.mark.parametrize("part", [slice(None), slice(7, None), slice(0, 20), slice(7, 12)])
async def test_an_id_or_its_start_finds_the_image(lab: Lab, part: slice) -> None:
    await lab.load(BASE.archive("base:1"))
    assert lab.images.resolve(BASE.config.digest[part]).image_id == BASE.config.digest


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nosuch", "No such image: nosuch:latest"),
        ("base", "No such image: base:latest"),
        ("sha256:12", "No such image: sha256:12"),
        ("0" * 64, "No such image: sha256:" + "0" * 64),
    ],
)
async def test_what_is_not_there(lab: Lab, name: str, sentence: str) -> None:
    await lab.load(BASE.archive("base:1"))
    with pytest.raises(NotFound) as missing:
        lab.images.resolve(name)
    assert str(missing.value) == sentence


async def test_an_ambiguous_start_finds_none(lab: Lab) -> None:
    made = layer({"x": "x"}, made_by="x")
    images = [Image((made,), {"Env": [f"N={n}"]}) for n in range(17)]
    for image in images:
        await lab.load(image.archive())
    first = [image.config.digest[7] for image in images]
    twice = next(digit for digit in first if first.count(digit) > 1)
    with pytest.raises(NotFound):
        lab.images.resolve(twice)


async def test_the_platform_is_held_against_the_config(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    found = lab.images.resolve("base:1", platform=Platform("amd64", "linux"))
    assert found.image_id == BASE.config.digest
    with pytest.raises(NotFound) as missing:
        lab.images.resolve("base:1", platform=Platform("arm64", "linux"))
    assert str(missing.value) == (
        "image with reference base:1 was found but its platform (linux/amd64) does not match the "
        "specified platform (linux/arm64)"
    )


async def test_inspect(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    details = lab.images.inspect("base:1")
    assert details.id == BASE.config.digest
    assert details.repo_tags == ("base:1",)
    assert details.repo_digests == ()
    assert details.created == "2020-01-02T03:04:05.67Z"
    assert details.size == 1100
    assert details.root_fs.layers == (BASE.layers[0].diff_id,)
    assert details.metadata.last_tag_time == "0001-01-01T00:00:00Z"
    assert details.config is not None
    assert details.config.cmd == ("/bin/x",)
    lab.images.tag("base:1", "base", "2")
    assert not lab.images.inspect("base:1").metadata.last_tag_time.startswith("0001")


async def test_history(lab: Lab) -> None:
    await lab.load(CHILD.archive("child:1"))
    newest, oldest = lab.images.history("child:1")
    assert (newest.id, newest.tags, newest.size) == (CHILD.config.digest, ("child:1",), 5000)
    assert (oldest.id, oldest.tags, oldest.size) == ("<missing>", None, 1100)
    assert [newest.created_by, oldest.created_by] == ["more", "base"]


async def test_tag_moves_a_name(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    await lab.load(CHILD.archive("child:1"))
    lab.images.tag("base:1", "child", "1")
    assert lab.images.resolve("child:1").image_id == BASE.config.digest
    assert lab.images.resolve(CHILD.config.digest).names == ()
    assert lab.happened()[-1] == "tag"
    assert lab.recent()[-1].attributes == {"l": "1", "name": "child:1"}


@pytest.mark.parametrize(
    ("repository", "tag", "sentence"),
    [
        ("", "", "invalid reference format"),
        ("UPPER", "", "must be lowercase"),
        ("app", "-", "invalid tag format"),
        ("sha256", "x", "refusing to create an ambiguous tag using digest algorithm as name"),
        ("app@sha256:" + "a" * 64, "", "cannot import digest reference"),
    ],
)
async def test_malformed_tags(lab: Lab, repository: str, tag: str, sentence: str) -> None:
    await lab.load(BASE.archive("base:1"))
    with pytest.raises(InvalidParameter, match=sentence):
        lab.images.tag("base:1", repository, tag)
