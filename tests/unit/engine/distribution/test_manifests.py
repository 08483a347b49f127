"""Which bytes are taken for a manifest."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.distribution.manifests import decode_manifest
from dockerlab.engine.distribution.source import RawManifest
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import (
    DOCKER_CONFIG,
    DOCKER_MANIFEST,
    INDEX,
    LAYER_GZIP,
    MANIFEST,
    Descriptor,
    Index,
    Manifest,
    digest_of,
)

_DIGEST = digest_of(b"")
_PART = {"mediaType": DOCKER_CONFIG, "digest": _DIGEST, "size": 0}
_LAYER = {"mediaType": LAYER_GZIP, "digest": _DIGEST, "size": 0}
_MANIFEST = {"schemaVersion": 2, "config": _PART, "layers": [_LAYER]}
_INDEX = {"schemaVersion": 2, "manifests": [{**_PART, "mediaType": MANIFEST}]}


def _raw(document: object, media_type: str) -> RawManifest:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return RawManifest(Descriptor(media_type, digest_of(data), len(data)), data)


@pytest.mark.parametrize("media_type", [MANIFEST, DOCKER_MANIFEST, "", "application/json"])
def test_a_manifest_is_known_by_its_type_or_its_shape(media_type: str) -> None:
    assert isinstance(decode_manifest(_raw(_MANIFEST, media_type), name="x"), Manifest)


@pytest.mark.parametrize("media_type", [INDEX, "", "text/plain"])
def test_an_index_is_known_by_its_type_or_its_shape(media_type: str) -> None:
    assert isinstance(decode_manifest(_raw(_INDEX, media_type), name="x"), Index)


@pytest.mark.parametrize(
    ("document", "media_type", "sentence"),
    [
        ({"schemaVersion": 1, "fsLayers": []}, "", "schema 1 support has been removed"),
        ({}, "application/vnd.docker.distribution.manifest.v1+prettyjws", "Suggest the author"),
        ({}, "application/vnd.example+json", "unsupported manifest media type"),
        ({**_MANIFEST, **_INDEX}, MANIFEST, "claims to be an index"),
        (b"{", MANIFEST, "malformed manifest"),
        (b"\xff", MANIFEST, "malformed manifest"),
        ({"schemaVersion": 2}, MANIFEST, "malformed manifest"),
        ({**_MANIFEST, "layers": [{**_LAYER, "size": -1}]}, MANIFEST, "malformed manifest"),
        (
            {**_MANIFEST, "layers": [{**_LAYER, "digest": "sha256:../../etc"}]},
            MANIFEST,
            "malformed manifest",
        ),
        (
            {**_MANIFEST, "layers": [{**_LAYER, "mediaType": "application/vnd.x"}]},
            MANIFEST,
            "unsupported media type application/vnd.x",
        ),
        (
            {**_MANIFEST, "config": {**_PART, "mediaType": "application/vnd.helm.config"}},
            MANIFEST,
            "unsupported media type application/vnd.helm.config",
        ),
        (
            {
                **_MANIFEST,
                "config": {**_PART, "mediaType": "application/vnd.docker.plugin.v1+json"},
            },
            DOCKER_MANIFEST,
            r'remote "application/vnd.docker.plugin.v1\+json"\(plugin\) when fetching',
        ),
    ],
)
def test_what_is_no_image_is_refused_with_a_sentence(
    document: object, media_type: str, sentence: str
) -> None:
    with pytest.raises(InvalidParameter, match=sentence):
        decode_manifest(_raw(document, media_type), name="docker.io/library/x:latest")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["config", "layers", "manifests", "mediaType", "schemaVersion", "size"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from([MANIFEST, DOCKER_MANIFEST, INDEX, "", "application/json"]),
)
def test_no_json_makes_it_fail_otherwise(document: object, media_type: str) -> None:
    try:
        decoded = decode_manifest(_raw(document, media_type), name="x")
    except InvalidParameter:
        return
    assert isinstance(decoded, Manifest | Index)
