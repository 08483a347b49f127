"""One image in every wrapping gives one analysis; the cache changes nothing but the time."""

import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dockerlab.layers import (
    Analysis,
    ArchiveDamaged,
    LayerCache,
    NotAnImage,
    SourceMissing,
    analyze_path,
    analyze_stream,
    as_document,
)
from tests.unit.layers.tarballs import (
    Member,
    archive,
    digest,
    gzipped,
    layer,
    layout,
    new_style,
    old_style,
    write,
    zstd,
)

LAYERS = [
    layer(Member("etc/", mode=0o755), Member("etc/a", b"a" * 100), Member("b", b"b" * 50)),
    layer(Member("etc/.wh.a"), Member("b", b"B" * 50)),
    layer(Member("name\x1b[2J\n", b"x"), Member("\udcff\udcfe", b"y")),
]
SCHEMA = Path(__file__).resolve().parents[3] / "docs/analysis.schema.json"


@pytest.fixture
def cache(tmp_path: Path) -> LayerCache:
    return LayerCache(tmp_path / "cache")


def saved(data: bytes, folder: Path) -> Path:
    path = folder / "image.tar"
    path.write_bytes(data)
    return path


def facts(analysis: Analysis) -> tuple[object, ...]:
    layers = [(each.layer, each.entries, each.changes) for each in analysis.layers]
    return analysis.tags, layers, analysis.efficiency


def test_every_wrapping_tells_the_same(tmp_path: Path) -> None:
    tar = archive(layout(LAYERS).items())
    wrapped = {
        "new": saved(new_style(LAYERS), tmp_path),
        "old": tmp_path / "old",
        "layout": write(layout(LAYERS), tmp_path / "layout"),
        "zstd": write(layout(LAYERS, pack=zstd), tmp_path / "zstd"),
        "plain": write(layout(LAYERS, pack=bytes), tmp_path / "plain"),
        "layout.tar": tmp_path / "layout.tar",
        "new.gz": tmp_path / "new.gz",
        "new.zst": tmp_path / "new.zst",
    }
    wrapped["old"].write_bytes(old_style(LAYERS))
    wrapped["layout.tar"].write_bytes(tar)
    wrapped["new.gz"].write_bytes(gzip.compress(new_style(LAYERS)))
    wrapped["new.zst"].write_bytes(zstd(new_style(LAYERS)))
    found = {
        name: facts(analyze_path(path, cache=LayerCache(tmp_path / f"cache {name}")))
        for name, path in wrapped.items()
    }
    for style in (new_style, old_style):
        with io.BytesIO(style(LAYERS)) as stream:
            streamed = analyze_stream(stream, cache=LayerCache(tmp_path / style.__name__))
        found[style.__name__] = facts(streamed)
    assert all(each == found["new"] for each in found.values())


@pytest.mark.parametrize("style", [new_style, old_style])
def test_a_layer_that_stands_twice(style: Any, tmp_path: Path, cache: LayerCache) -> None:
    data = style([*LAYERS, LAYERS[0]])
    found = analyze_path(saved(data, tmp_path), cache=cache)
    with io.BytesIO(data) as stream:
        assert facts(analyze_stream(stream, cache=LayerCache(tmp_path / "2"))) == facts(found)
    assert found.layers[3].layer.diff_id == found.layers[0].layer.diff_id
    assert found.layers[3].layer.chain_id != found.layers[0].layer.chain_id


def test_commands_are_those_of_the_layers(tmp_path: Path, cache: LayerCache) -> None:
    found = analyze_path(saved(new_style(LAYERS), tmp_path), cache=cache)
    commands = [each.layer.created_by for each in found.layers]
    assert commands == ["RUN step 0", "RUN step 1", "RUN step 2"]


def test_the_second_time_no_layer_is_read(tmp_path: Path, cache: LayerCache) -> None:
    path = saved(new_style(LAYERS), tmp_path)
    read: list[int] = []
    first = analyze_path(path, cache=cache, progress=read.append)
    assert sum(read) >= sum(map(len, LAYERS))
    read.clear()
    assert analyze_path(path, cache=cache, progress=read.append) == first
    assert not read


@pytest.mark.parametrize("spoil", [b"", b"x" * 40, None])
def test_a_damaged_cache_is_ignored(tmp_path: Path, cache: LayerCache, spoil: bytes | None) -> None:
    path = saved(new_style(LAYERS), tmp_path)
    first = analyze_path(path, cache=cache)
    for kept in (tmp_path / "cache").iterdir():
        data = kept.read_bytes()
        kept.write_bytes(data[:-1] + b"\0" if spoil is None else spoil)
    assert analyze_path(path, cache=cache) == first


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    found = analyze_path(saved(new_style(LAYERS), tmp_path), cache=LayerCache(tmp_path / "file/x"))
    assert len(found.layers) == 3


def test_a_stream_needs_no_cache_either(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with io.BytesIO(new_style(LAYERS)) as stream:
        found = analyze_stream(stream, cache=LayerCache(tmp_path / "file/x"))
    assert len(found.layers) == 3


def test_nothing_half_written_is_left(tmp_path: Path, cache: LayerCache) -> None:
    analyze_path(saved(new_style(LAYERS), tmp_path), cache=cache)
    analyze_path(saved(new_style(LAYERS), tmp_path), cache=cache, verify=True)
    assert {path.suffix for path in (tmp_path / "cache").iterdir()} == {".at", ".layer"}


def test_one_of_several_images_is_chosen_by_its_name(tmp_path: Path, cache: LayerCache) -> None:
    path = saved(new_style(LAYERS, "docker.io/library/test:1"), tmp_path)
    assert analyze_path(path, "test:1", cache=cache).tags == ("test:1",)
    with pytest.raises(NotAnImage):
        analyze_path(path, "other:1", cache=cache)


def test_a_layer_that_is_not_what_its_digest_says(tmp_path: Path, cache: LayerCache) -> None:
    files = layout(LAYERS, pack=bytes)
    name = f"blobs/sha256/{digest(LAYERS[0]).removeprefix('sha256:')}"
    files[name] = layer(Member("other", b"other"))
    with pytest.raises(ArchiveDamaged, match="digest"):
        analyze_path(write(files, tmp_path / "layout"), cache=cache, verify=True)
    stream = io.BytesIO(archive(files.items()))
    with pytest.raises(ArchiveDamaged, match="digest"):
        analyze_stream(stream, cache=cache, verify=True)


@pytest.mark.parametrize("style", [new_style, old_style])
def test_unverified_figures_are_the_same(style: Any, tmp_path: Path) -> None:
    path = saved(style(LAYERS), tmp_path)
    verified = analyze_path(path, cache=LayerCache(tmp_path / "a"), verify=True)
    assert analyze_path(path, cache=LayerCache(tmp_path / "b")) == verified
    for verify in (True, False):
        with path.open("rb") as stream:
            cache = LayerCache(tmp_path / f"c{verify}")
            assert analyze_stream(stream, cache=cache, verify=verify) == verified


def test_a_compressed_layer_cut_short(tmp_path: Path, cache: LayerCache) -> None:
    for pack in (gzipped, zstd):
        files = layout(LAYERS, pack=pack)
        name = f"blobs/sha256/{digest(pack(LAYERS[0])).removeprefix('sha256:')}"
        files[name] = files[name][: len(files[name]) // 2]
        with pytest.raises(ArchiveDamaged):
            analyze_path(write(files, tmp_path / pack.__name__), cache=cache)


def test_a_digest_leads_nowhere_else(tmp_path: Path, cache: LayerCache) -> None:
    (tmp_path / "secret").write_text("{}")
    for wrong in ("sha256:../../secret", "../secret", "sha256:" + "/" * 64):
        index = {"index.json": json.dumps({"manifests": [{"digest": wrong}]}).encode()}
        with pytest.raises(ArchiveDamaged):
            analyze_path(write(index, tmp_path / "layout"), cache=cache)


def test_what_is_not_there_or_no_image(tmp_path: Path, cache: LayerCache) -> None:
    with pytest.raises(SourceMissing, match="No such file"):
        analyze_path(tmp_path / "none.tar", cache=cache)
    (tmp_path / "text").write_text("hello" * 1000)
    with pytest.raises(ArchiveDamaged):
        analyze_path(tmp_path / "text", cache=cache)
    with pytest.raises(NotAnImage):
        analyze_path(tmp_path, cache=cache)
    with pytest.raises(NotAnImage):
        analyze_path(saved(archive([("x", b"y")]), tmp_path), cache=cache)


def test_the_json_form_is_what_its_schema_says(tmp_path: Path, cache: LayerCache) -> None:
    document = as_document(analyze_path(saved(new_style(LAYERS), tmp_path), cache=cache))
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json.dumps(document)), schema)
    # Everything that is written is described, so that the schema cannot fall behind.
    assert schema["properties"].keys() == document.keys()
    assert schema["properties"]["image"]["properties"].keys() == document["image"].keys()
    of_layer = schema["properties"]["layers"]["items"]["properties"]
    assert of_layer.keys() == document["layers"][0].keys()
    of_file = schema["$defs"]["files"]["items"]["properties"]
    assert of_file.keys() == document["layers"][0]["added"][0].keys()
    names = [each["path"] for each in document["layers"][2]["added"]]
    assert names == ["/name\x1b[2J\n", "/\\xff\\xfe"]


def test_the_result_cannot_be_changed(tmp_path: Path, cache: LayerCache) -> None:
    found = analyze_path(saved(new_style(LAYERS), tmp_path), cache=cache)
    with pytest.raises(AttributeError):
        found.layers[0].entries[0].size = 1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        found.tags = ()  # type: ignore[misc]


def test_names_are_escaped_where_they_are_shown(tmp_path: Path, cache: LayerCache) -> None:
    found = analyze_path(saved(new_style(LAYERS), tmp_path), cache=cache)
    shown = [entry.name for entry in found.layers[2].entries]
    assert shown == ["/name\\x1b[2J\\n", "/\\xff\\xfe"]


def test_a_pipe_can_be_read(tmp_path: Path, cache: LayerCache) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as sink:
        sink.write(new_style(LAYERS)[:60_000])
        sink.close()
        assert len(analyze_stream(source, cache=cache).layers) == 3
