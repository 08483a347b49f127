import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.errors import DataLoss, InvalidParameter
from dockerlab.engine.oci import (
    MANIFEST,
    ChainID,
    Descriptor,
    DiffID,
    Digest,
    ImageConfig,
    Index,
    Manifest,
    RootFS,
    RunConfig,
    chain_ids,
    decode,
    digest_of,
    encode,
    parse_digest,
)

A, B = (DiffID(digest_of(text)) for text in (b"a", b"b"))


def test_chain_ids_follow_the_specification() -> None:
    first, second = chain_ids([A, B])
    assert first == ChainID(A)
    assert second == ChainID(digest_of(f"{A} {B}".encode()))
    assert chain_ids([]) == ()


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:" + "a" * 63, "sha256:" + "A" * 64, "x"])
def test_what_is_no_digest(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_digest(text)


def test_null_stands_for_what_is_not_there() -> None:
    data = json.dumps(
        {
            "rootfs": {"type": "layers", "diff_ids": None},
            "created": None,
            "author": None,
            "history": None,
            "config": {
                "Cmd": None,
                "Env": None,
                "User": None,
                "Entrypoint": "run me",
                "Labels": {"a": None},
                "ExposedPorts": {"80/tcp": None},
                "Volumes": {"/data": {}},
                "Healthcheck": None,
            },
        }
    ).encode()
    config = decode(data, ImageConfig)
    assert config.rootfs == RootFS(type="layers")
    assert config.config == RunConfig(
        entrypoint=("run me",),
        labels={"a": ""},
        exposed_ports={"80/tcp": {}},
        volumes={"/data": {}},
    )


def test_unknown_fields_are_passed_over() -> None:
    data = b'{"rootfs": {}, "moby.buildkit.buildinfo.v1": "x", "config": {"New": [1]}}'
    assert decode(data, ImageConfig).config == RunConfig()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"rootfs": {"diff_ids": ["sha256:../.."]}}',
        b'{"rootfs": {}, "history": [null]}',
        b'{"rootfs": {}, "config": {"Env": {}}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_config_is_refused(data: bytes) -> None:
    with pytest.raises(DataLoss, match="invalid image config"):
        decode(data, ImageConfig)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for kind in (Manifest, Index, ImageConfig, Descriptor):
        with suppress(DataLoss):
            decode(data, kind)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["schemaVersion", "config", "layers", "digest", "size", "rootfs", "diff_ids", "history",
             "Labels", "Cmd", "ExposedPorts", "created", "manifests", "platform", "annotations"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(_json)
def test_any_json_is_read_or_refused(value: object) -> None:
    data = json.dumps(value).encode()
    for kind in (Manifest, Index, ImageConfig):
        with suppress(DataLoss):
            decode(data, kind)


def test_empty_lists_are_written() -> None:
    descriptor = Descriptor(MANIFEST, Digest(A), 1)
    manifest = json.loads(encode(Manifest(schema_version=2, config=descriptor)))
    assert manifest["layers"] == []
    assert "annotations" not in manifest
    assert json.loads(encode(Index(schema_version=2)))["manifests"] == []


def test_documents_come_back_as_they_were() -> None:
    config, layer = Descriptor(MANIFEST, Digest(A), 1), Descriptor("x", Digest(B), 2)
    manifest = Manifest(schema_version=2, config=config, layers=(layer,))
    assert decode(encode(manifest), Manifest) == manifest
