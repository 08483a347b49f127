"""The registry by its own protocol: OCI distribution-spec 1.1, as a client sees it."""

import hashlib
import socket
from collections.abc import Iterator

import pytest
import requests

from dockerlab.registry import Registry, start_registry

MANIFEST = b'{"schemaVersion": 2}'
TYPE = "application/vnd.oci.image.manifest.v1+json"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    running = start_registry(ports=())
    yield running
    running.stop()


@pytest.fixture
def http(registry: Registry) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # no proxy between us and loopback
        yield session


@pytest.fixture
def url(registry: Registry) -> str:
    return f"http://{registry.numeric_address}/v2"


def begin(http: requests.Session, url: str) -> str:
    begun = http.post(f"{url}/web/blobs/uploads/")
    assert begun.status_code == 202
    return url.removesuffix("/v2") + begun.headers["Location"]


def code(answer: requests.Response) -> str:
    return str(answer.json()["errors"][0]["code"])


def test_it_says_that_it_is_one(http: requests.Session, url: str) -> None:
    answer = http.get(f"{url}/")
    assert answer.status_code == 200
    assert answer.headers["Docker-Distribution-API-Version"] == "registry/2.0"


def test_a_blob_is_pushed_in_pieces_and_pulled(http: requests.Session, url: str) -> None:
    place = begin(http, url)
    assert http.patch(place, data=b"one ").headers["Range"] == "0-3"
    assert http.patch(place, data=b"two", headers={"Content-Range": "4-6"}).status_code == 202
    assert http.get(place).headers["Range"] == "0-6"
    stored = http.put(place, params={"digest": digest(b"one two")})
    assert stored.status_code == 201
    assert http.get(url.removesuffix("/v2") + stored.headers["Location"]).content == b"one two"
    head = http.head(f"{url}/other/blobs/{digest(b'one two')}")
    assert head.headers["Content-Length"] == "7"


def test_a_blob_is_pushed_at_once(http: requests.Session, url: str) -> None:
    answer = http.post(f"{url}/web/blobs/uploads/", params={"digest": digest(b"x")}, data=b"x")
    assert answer.status_code == 201
    assert http.get(f"{url}/web/blobs/{digest(b'x')}").content == b"x"


def test_a_blob_that_is_here_is_mounted(http: requests.Session, url: str) -> None:
    http.post(f"{url}/web/blobs/uploads/", params={"digest": digest(b"x")}, data=b"x")
    wanted = {"mount": digest(b"x"), "from": "web"}
    assert http.post(f"{url}/shop/web/blobs/uploads/", params=wanted).status_code == 201
    wanted["mount"] = digest(b"y")
    assert http.post(f"{url}/shop/web/blobs/uploads/", params=wanted).status_code == 202


def test_other_bytes_than_promised_are_thrown_away(http: requests.Session, url: str) -> None:
    place = begin(http, url)
    answer = http.put(place, params={"digest": digest(b"good")}, data=b"evil")
    assert (answer.status_code, code(answer)) == (400, "DIGEST_INVALID")
    assert http.get(f"{url}/web/blobs/{digest(b'good')}").status_code == 404
    assert http.get(place).status_code == 404


def test_pieces_must_come_in_order(http: requests.Session, url: str) -> None:
    answer = http.patch(begin(http, url), data=b"x", headers={"Content-Range": "7-7"})
    assert answer.status_code == 416


def test_an_upload_can_be_given_up(http: requests.Session, url: str) -> None:
    place = begin(http, url)
    assert http.delete(place).status_code == 204
    assert code(http.get(place)) == "BLOB_UPLOAD_UNKNOWN"


def test_a_tag_moves_and_a_digest_does_not(
    http: requests.Session, url: str, registry: Registry
) -> None:
    other = MANIFEST + b" "
    for data in (MANIFEST, other):
        headers = {"Content-Type": TYPE}
        answer = http.put(f"{url}/shop/web/manifests/latest", data=data, headers=headers)
        assert answer.headers["Docker-Content-Digest"] == digest(data)
    assert http.get(f"{url}/shop/web/manifests/latest").content == other
    old = http.get(f"{url}/shop/web/manifests/{digest(MANIFEST)}")
    assert (old.content, old.headers["Content-Type"]) == (MANIFEST, TYPE)
    assert http.get(f"{url}/shop/web/tags/list").json() == {"name": "shop/web", "tags": ["latest"]}
    assert registry.tags("shop/web") == {"latest": digest(other)}
    assert registry.manifest("shop/web").data == other


def test_a_manifest_under_a_wrong_digest_is_refused(http: requests.Session, url: str) -> None:
    answer = http.put(f"{url}/web/manifests/{digest(b'else')}", data=MANIFEST)
    assert (answer.status_code, code(answer)) == (400, "DIGEST_INVALID")


def test_tags_and_manifests_are_removed(http: requests.Session, url: str) -> None:
    for tag in ("one", "two"):
        http.put(f"{url}/web/manifests/{tag}", data=MANIFEST)
    assert http.delete(f"{url}/web/manifests/one").status_code == 202
    assert http.get(f"{url}/web/tags/list").json()["tags"] == ["two"]
    assert http.delete(f"{url}/web/manifests/{digest(MANIFEST)}").status_code == 202
    assert code(http.get(f"{url}/web/manifests/two")) == "MANIFEST_UNKNOWN"


@pytest.mark.parametrize(
    "path",
    [
        "nothing/manifests/latest",
        "nothing/tags/list",
        "web/blobs/sha256:short",
        "web/blobs/..%2f..%2fetc",
        "UPPER/manifests/latest",
        "web/else",
    ],
)
def test_what_is_not_there_is_not_found(http: requests.Session, url: str, path: str) -> None:
    answer = http.get(f"{url}/{path}")
    assert answer.status_code == 404
    assert code(answer)


def test_it_takes_the_next_port_and_listens_on_loopback_only() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        registry = start_registry(ports=[port])
    assert registry.port != port
    assert registry.address == f"localhost:{registry.port}"
    registry.stop()


def test_stopped_it_answers_no_more_and_leaves_nothing() -> None:
    registry = start_registry(ports=())
    registry.stop()
    registry.stop()
    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect(("127.0.0.1", registry.port))
