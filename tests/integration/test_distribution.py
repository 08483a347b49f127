"""Pulling from a real registry, and from one that does all that registries should not."""

import asyncio
import json
import os
import random
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web

from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.distribution.credentials import ANONYMOUS, Credentials
from dockerlab.engine.distribution.patience import Patience
from dockerlab.engine.distribution.pull import LayerDownloaded
from dockerlab.engine.distribution.resolve import Resolved
from dockerlab.engine.distribution.service import Distribution
from dockerlab.engine.distribution.transport import Timeouts
from dockerlab.engine.errors import (
    DataLoss,
    EngineError,
    InvalidParameter,
    NotFound,
    SystemFailure,
    TooManyRequests,
    Unauthorized,
)
from dockerlab.engine.oci import DOCKER_FOREIGN_LAYER_GZIP, INDEX, Digest, Platform
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import parse
from tests.engines.faulty_registry import (
    FaultyRegistry,
    blob_response,
    broken_off,
    error_response,
    running_faulty_registry,
)
from tests.engines.images import Blob, Image, layer, on_top_of
from tests.engines.registry import Registry

_BYTES = random.Random(5).randbytes(200_000)  # noqa: S311
_IMAGE = Image(
    (
        layer({"base": "hello\n"}, made_by="COPY base /"),
        layer({"big": _BYTES}, made_by="COPY big /"),
        layer({"top": "bye\n"}, made_by="COPY top /"),
    ),
    {"Cmd": ["/base"]},
)
_BIG = _IMAGE.layers[1].blob
_ADA = Credentials(username="ada", password="right")

_IMPATIENT = {
    "timeouts": Timeouts(connect=20, read=0.4),
    "patience": Patience(attempts=20, first_delay=0.01, longest_retry_after=0.5),
}
"""For registries that stall: an honest answer that comes late is asked for once more."""

Open = Callable[..., Distribution]
Event = Resolved | LayerDownloaded | Progress


@pytest.fixture
def faulty() -> Iterator[FaultyRegistry]:
    with running_faulty_registry() as registry:
        registry.add(_IMAGE, "app")
        yield registry


@pytest.fixture
def content(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "content")


@pytest.fixture
async def open_distribution(content: LocalStore) -> AsyncIterator[Open]:
    opened: list[Distribution] = []

    def open_one(**options: object) -> Distribution:
        settings = {
            # Longer than a busy machine makes an honest registry wait.
            "timeouts": Timeouts(connect=20, read=20),
            "patience": Patience(attempts=4, first_delay=0.01, longest_retry_after=0.5),
            "environ": {},
        }
        opened.append(Distribution(content, **settings | options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for distribution in opened:
        await distribution.close()


async def _pull(
    distribution: Distribution, name: str, *, credentials: Credentials = ANONYMOUS
) -> list[Event]:
    events = distribution.pull(parse(name), credentials=credentials)
    return [event async for event in events]


def _resolved(events: list[Event]) -> Resolved:
    (found,) = [event for event in events if isinstance(event, Resolved)]
    return found


def _is_clean(content: LocalStore) -> bool:
    return not list(content.walk()) and not any(content.ingests.iterdir())


# A registry as it should be


async def test_an_image_comes_whole_in_order_and_with_docker_s_lines(
    registry: Registry, content: LocalStore, open_distribution: Open
) -> None:
    digest = registry.push(_IMAGE, "team/app", "1")
    events = await _pull(open_distribution(), f"{registry.address}/team/app:1")

    found = _resolved(events)
    assert (found.digest, found.canonical) == (digest, True)
    assert found.manifest_data == _IMAGE.manifest.data
    assert found.config_data == _IMAGE.config.data
    downloaded = [event for event in events if isinstance(event, LayerDownloaded)]
    assert [event.index for event in downloaded] == [0, 1, 2]
    for wanted, event in zip(_IMAGE.layers, downloaded, strict=True):
        assert content.read(event.descriptor.digest) == wanted.blob.data
    lines = [event for event in events if isinstance(event, Progress)]
    assert (lines[0].status, lines[0].id) == ("Pulling from team/app", "1")
    of_big = [line.status for line in lines if line.id == _BIG.digest[7:19]]
    assert [*dict.fromkeys(of_big)] == [
        "Pulling fs layer",
        "Downloading",
        "Verifying Checksum",
        "Download complete",
    ]


async def test_what_is_there_is_not_fetched_again(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    distribution = open_distribution()
    first = on_top_of(Image(_IMAGE.layers[:2]), layer({"x": "1"}, made_by="x"))
    faulty.add(first, "first")
    await _pull(distribution, f"{faulty.address}/first")
    faulty.seen.clear()
    events = await _pull(distribution, f"{faulty.address}/app")
    fetched = [path.rpartition("/")[2] for path in faulty.paths("/blobs/")]
    assert fetched == [_IMAGE.config.digest, _IMAGE.layers[2].blob.digest]
    assert [event.index for event in events if isinstance(event, LayerDownloaded)] == [0, 1, 2]


async def test_layers_that_are_unpacked_already_are_neither_fetched_nor_told(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    events = [
        event
        async for event in open_distribution().pull(
            parse(f"{faulty.address}/app"), present=lambda _: {0, 1}
        )
    ]
    assert [event.index for event in events if isinstance(event, LayerDownloaded)] == [2]
    assert [
        event.id
        for event in events
        if isinstance(event, Progress) and event.status == "Already exists"
    ] == [one.blob.digest[7:19] for one in _IMAGE.layers[:2]]
    assert _BIG.digest not in "".join(faulty.paths())


async def test_a_layer_that_stands_twice_in_a_manifest_is_fetched_once(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    faulty.add(Image((*_IMAGE.layers, _IMAGE.layers[1])), "twice")
    events = await _pull(open_distribution(), f"{faulty.address}/twice")
    assert [event.index for event in events if isinstance(event, LayerDownloaded)] == [0, 1, 2, 3]
    assert len(faulty.paths(_BIG.digest)) == 1


async def test_an_index_is_searched_for_the_platform(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    other = Image(_IMAGE.layers[:1], architecture="s390x")
    entries = [
        {**image.manifest.descriptor(), "platform": {"os": "linux", "architecture": name}}
        for image, name in ((_IMAGE, "amd64"), (other, "s390x"), (_IMAGE, "unknown"))
    ]
    for image in (_IMAGE, other):
        faulty.add(image, "many", image.architecture)
    index = Blob(json.dumps({"schemaVersion": 2, "manifests": entries}).encode(), INDEX)
    digest = faulty.add_manifest(index, "many")
    name = parse(f"{faulty.address}/many")
    distribution = open_distribution()

    found = await distribution.resolve(name, platform=Platform("s390x", "linux"))
    assert (found.image.digest, found.image.manifest_digest) == (digest, other.manifest.digest)
    assert found.image.index == index.data
    with pytest.raises(NotFound, match="no matching manifest for linux/riscv64 in the manifest"):
        await distribution.resolve(name, platform=Platform("riscv64", "linux"))


async def test_by_digest(faulty: FaultyRegistry, open_distribution: Open) -> None:
    name = f"{faulty.address}/app@{_IMAGE.manifest.digest}"
    assert _resolved(await _pull(open_distribution(), name)).digest == _IMAGE.manifest.digest


# Registries that say no, or nothing


async def test_nobody_listens(open_distribution: Open) -> None:
    with pytest.raises(SystemFailure) as failure:
        await _pull(open_distribution(), "127.0.0.1:5/app")
    assert str(failure.value) == (
        'Get "http://127.0.0.1:5/v2/": dial tcp 127.0.0.1:5: connect: connection refused'
    )


async def test_no_such_image(registry: Registry, open_distribution: Open) -> None:
    with pytest.raises(NotFound) as failure:
        await _pull(open_distribution(), f"{registry.address}/nosuch:1")
    assert str(failure.value) == (
        f"manifest for {registry.address}/nosuch:1 not found: manifest unknown: manifest unknown"
    )


async def test_a_server_error_is_tried_again(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    failures = iter([500, 503, 502])

    async def fault(request: web.BaseRequest) -> web.Response | None:
        status = next(failures, None) if "/manifests/" in request.path else None
        return web.Response(status=status) if status else None

    faulty.fault = fault
    await _pull(open_distribution(), f"{faulty.address}/app")


async def test_a_server_error_that_stays_is_told(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    async def fault(_: web.BaseRequest) -> web.Response:
        return web.Response(status=500, text="boom")

    faulty.fault = fault
    with pytest.raises(SystemFailure, match="unexpected HTTP status: 500 Internal Server Error"):
        await _pull(open_distribution(), f"{faulty.address}/app")
    assert _is_clean(content)


@pytest.mark.parametrize("retry_after", ["0", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_too_many_requests_waits_as_long_as_it_is_told(
    faulty: FaultyRegistry, open_distribution: Open, retry_after: str
) -> None:
    limited = iter(range(2))

    async def fault(request: web.BaseRequest) -> web.Response | None:
        if next(limited, None) is None or "/manifests/" not in request.path:
            return None
        return error_response(429, "TOOMANYREQUESTS", "slow", **{"Retry-After": retry_after})

    faulty.fault = fault
    await _pull(open_distribution(), f"{faulty.address}/app")
    assert len(faulty.paths("/manifests/")) == 3


async def test_too_many_requests_for_too_long_is_told_at_once(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    async def fault(_: web.BaseRequest) -> web.Response:
        text = "You have reached your pull rate limit."
        return error_response(429, "TOOMANYREQUESTS", text, **{"Retry-After": "3600"})

    faulty.fault = fault
    with pytest.raises(TooManyRequests) as failure:
        await _pull(open_distribution(), f"{faulty.address}/app")
    assert str(failure.value) == "toomanyrequests: You have reached your pull rate limit."
    assert len(faulty.seen) == 1


async def test_a_registry_that_stalls_is_given_up(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    async def fault(_: web.BaseRequest) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    faulty.fault = fault
    with pytest.raises(SystemFailure, match=r"Client\.Timeout exceeded while awaiting headers"):
        await _pull(open_distribution(timeouts=_IMPATIENT["timeouts"]), f"{faulty.address}/app")
    assert _is_clean(content)


async def test_a_registry_that_takes_no_connection_is_given_up(open_distribution: Open) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):  # the queue is full now: the kernel answers no more
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"127.0.0.1:{full.getsockname()[1]}"
        distribution = open_distribution(timeouts=Timeouts(connect=0.3, read=0.3))
        with pytest.raises(SystemFailure) as failure:
            await _pull(distribution, f"{url}/app")
    assert str(failure.value) == (
        f'Get "http://{url}/v2/": net/http: request canceled while waiting for connection '
        "(Client.Timeout exceeded while awaiting headers)"
    )


async def test_all_tags_are_listed_over_several_pages(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    async def fault(request: web.BaseRequest) -> web.Response:
        page = int(request.query.get("page", "0"))
        more = {"Link": f'</v2/app/tags/list?page={page + 1}>; rel="next"'} if page < 2 else {}
        return web.json_response({"name": "app", "tags": [f"v{page}"]}, headers=more)

    name = parse(f"{faulty.address}/app")
    faulty.fault = _not_found
    with pytest.raises(SystemFailure, match="404 page not found"):
        await open_distribution().tags(name)
    faulty.fault = fault
    assert await open_distribution().tags(name) == ("v0", "v1", "v2")


async def _not_found(_: web.BaseRequest) -> web.Response:
    return web.Response(status=404, text="404 page not found")


# Names, passwords and tokens


@pytest.mark.parametrize(
    ("credentials", "kind", "sentence"),
    [
        (ANONYMOUS, SystemFailure, "no basic auth credentials"),
        (Credentials(username="ada", password="wrong"), Unauthorized, "unauthorized"),
        (_ADA, None, ""),
    ],
)
async def test_basic(
    faulty: FaultyRegistry,
    open_distribution: Open,
    credentials: Credentials,
    kind: type[EngineError] | None,
    sentence: str,
) -> None:
    faulty.basic = ("ada", "right")
    pulling = _pull(open_distribution(), f"{faulty.address}/app", credentials=credentials)
    if kind is None:
        await pulling
        assert "Authorization" not in faulty.seen[0].headers, "shown before it was asked for"
    else:
        with pytest.raises(kind, match=sentence):
            await pulling


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
@pytest.mark.parametrize("password", ["right", "wrong"])
async def test_logging_in(
    faulty: FaultyRegistry, open_distribution: Open, scheme: str, password: str
) -> None:
    if scheme == "basic":
        faulty.basic = ("ada", "right")
    else:
        faulty.realm = f"{faulty.url}/token"
        faulty.passwords["ada"], faulty.tokens["ada"] = "right", "token-3"
    shown = Credentials(username="ada", password=password, server_address=faulty.address)
    if password == "right":
        await open_distribution().log_in(shown)
    else:
        with pytest.raises(Unauthorized, match="unauthorized"):
            await open_distribution().log_in(shown)


@pytest.mark.parametrize(
    ("credentials", "sentence"),
    [
        (ANONYMOUS, "unauthorized: authentication required"),
        (Credentials(username="ada", password="wrong"), "incorrect username or password"),
        (_ADA, ""),
        (Credentials(identity_token="refresh"), ""),
        (Credentials(registry_token="token-2"), ""),
    ],
)
async def test_bearer(
    faulty: FaultyRegistry, open_distribution: Open, credentials: Credentials, sentence: str
) -> None:
    faulty.realm = f"{faulty.url}/token"
    faulty.passwords = {"ada": "right"}
    faulty.tokens = {"ada": "token-1", "refresh": "token-2"}
    pulling = _pull(open_distribution(), f"{faulty.address}/app", credentials=credentials)
    if sentence:
        with pytest.raises(Unauthorized, match=sentence):
            await pulling
    else:
        await pulling
        assert len(faulty.paths("/token")) <= 1


async def test_a_token_that_ran_out_is_replaced(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    faulty.realm = f"{faulty.url}/token"
    faulty.tokens = {"": "token-1"}
    distribution = open_distribution()
    await _pull(distribution, f"{faulty.address}/app")
    faulty.tokens = {"": "token-2"}
    await _pull(distribution, f"{faulty.address}/app")
    assert len(faulty.paths("/token")) == 2


async def test_a_password_is_not_sent_in_the_clear_to_a_token_service_elsewhere(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    faulty.realm = "http://192.0.2.1/token"
    with pytest.raises(Unauthorized, match="refusing to send credentials without encryption"):
        await _pull(open_distribution(), f"{faulty.address}/app", credentials=_ADA)


# Redirects


async def test_blobs_may_be_elsewhere_and_the_password_does_not_go_there(
    faulty: FaultyRegistry, open_distribution: Open, content: LocalStore
) -> None:
    with running_faulty_registry() as elsewhere:
        elsewhere.blobs = dict(faulty.blobs)
        faulty.basic = ("ada", "right")

        async def fault(request: web.BaseRequest) -> web.Response | None:
            if "/blobs/" not in request.path or "Authorization" not in request.headers:
                return None
            return web.Response(
                status=307, headers={"Location": f"{elsewhere.url}{request.path}?signature=x"}
            )

        faulty.fault = fault
        await _pull(open_distribution(), f"{faulty.address}/app", credentials=_ADA)
        assert len(elsewhere.paths("/blobs/")) == 4
        assert not any("Authorization" in seen.headers for seen in elsewhere.seen)
    assert content.read(Digest(_BIG.digest)) == _BIG.data


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("/v2/app/manifests/latest", "stopped after 10 redirects"),
        ("file:///etc/passwd", "not a web address"),
        ("https://127.0.0.1:5/", "connection refused"),
    ],
)
async def test_redirects_that_lead_nowhere(
    faulty: FaultyRegistry, open_distribution: Open, target: str, sentence: str
) -> None:
    async def fault(_: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": target})

    faulty.fault = fault
    with pytest.raises(SystemFailure, match=sentence):
        await _pull(open_distribution(), f"{faulty.address}/app")


# Connections that break and bytes that lie


@pytest.mark.parametrize("at", [0, 1, 100, 65_536, 150_000, len(_BIG.data) - 1])
@pytest.mark.parametrize("announced", [True, False])
async def test_a_dropped_download_is_resumed_where_it_broke(
    faulty: FaultyRegistry,
    content: LocalStore,
    open_distribution: Open,
    at: int,
    *,
    announced: bool,
) -> None:
    broken = iter(range(1))

    async def fault(request: web.BaseRequest) -> web.StreamResponse | None:
        if _BIG.digest not in request.path or next(broken, None) is None:
            return None
        stated = len(_BIG.data) if announced else None
        return await broken_off(request, _BIG.data[:at], stated=stated)

    faulty.fault = fault
    events = await _pull(open_distribution(), f"{faulty.address}/app")
    assert content.read(Digest(_BIG.digest)) == _BIG.data
    ranges = [seen.headers.get("Range") for seen in faulty.seen if _BIG.digest in seen.path]
    assert ranges[0] is None
    # What had come but was not yet read when the connection broke is asked for again.
    (resumed,) = [int((asked or "bytes=0-")[6:-1]) for asked in ranges[1:]]
    assert min(at, 1) <= resumed <= at
    retries = [event for event in events if isinstance(event, Progress) and "Retry" in event.status]
    assert [retry.status for retry in retries] == ["Retrying in 1 second"]


async def test_a_line_that_breaks_all_the_time_gets_there_in_the_end(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    noise = os.urandom(700_000)
    image = Image((layer({"noise": noise}, made_by="x"),))
    faulty.add(image, "noise")
    blob = image.layers[0].blob

    async def fault(request: web.BaseRequest) -> web.StreamResponse | None:
        if blob.digest not in request.path:
            return None
        start = int(request.headers.get("Range", "bytes=0-")[6:-1])
        if start + 70_000 >= len(blob.data):
            return None
        piece = blob.data[start : start + 70_000]
        if start == 0:
            return await broken_off(request, piece, stated=len(blob.data))
        return await broken_off(request, piece, stated=len(blob.data) - start, status=206)

    faulty.fault = fault
    await _pull(open_distribution(), f"{faulty.address}/noise")
    assert content.has(Digest(blob.digest))
    # A line that breaks may swallow the end of a piece, which then takes a request of its own.
    pieces = -(-len(blob.data) // 70_000)
    assert pieces <= len(faulty.paths(blob.digest)) < 2 * pieces


async def test_a_line_that_always_breaks_at_the_same_place_is_given_up(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    async def fault(request: web.BaseRequest) -> web.StreamResponse | None:
        if _BIG.digest not in request.path:
            return None
        if "Range" in request.headers:
            return await broken_off(request, b"", stated=1, status=206)
        return await broken_off(request, _BIG.data[:100], stated=len(_BIG.data))

    faulty.fault = fault
    with pytest.raises(SystemFailure, match="unexpected EOF"):
        await _pull(open_distribution(), f"{faulty.address}/app")
    assert not content.has(Digest(_BIG.digest))
    assert not any(content.ingests.iterdir())


async def test_a_stalled_download_is_resumed(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    stalled = iter(range(1))

    async def fault(request: web.BaseRequest) -> web.StreamResponse | None:
        if _BIG.digest not in request.path or next(stalled, None) is None:
            return None
        answer = web.StreamResponse()
        answer.content_length = len(_BIG.data)
        await answer.prepare(request)
        await answer.write(_BIG.data[:1000])
        await asyncio.sleep(5)
        return answer

    faulty.fault = fault
    await _pull(open_distribution(**_IMPATIENT), f"{faulty.address}/app")
    assert content.read(Digest(_BIG.digest)) == _BIG.data
    assert "bytes=1000-" in [seen.headers.get("Range") for seen in faulty.seen]


async def test_a_server_without_ranges_is_read_from_the_start_again(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    broken = iter(range(1))

    async def fault(request: web.BaseRequest) -> web.StreamResponse | None:
        if _BIG.digest not in request.path:
            return None
        if next(broken, None) is not None:
            return await broken_off(request, _BIG.data[:5000], stated=len(_BIG.data))
        return web.Response(body=_BIG.data)

    faulty.fault = fault
    await _pull(open_distribution(), f"{faulty.address}/app")
    assert content.read(Digest(_BIG.digest)) == _BIG.data


@pytest.mark.parametrize(
    "lie",
    [
        b"x" * len(_BIG.data),
        _BIG.data + b"more",
        _BIG.data[:-1],
        b"",
        _BIG.data[:-1] + b"?",
    ],
    ids=["other bytes", "too long", "too short", "empty", "last byte wrong"],
)
async def test_a_blob_that_is_not_what_it_must_be_is_not_kept(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open, lie: bytes
) -> None:
    faulty.blobs[_BIG.digest] = lie
    with pytest.raises(SystemFailure) as failure:
        await _pull(open_distribution(), f"{faulty.address}/app")
    if len(lie) >= len(_BIG.data):
        assert isinstance(failure.value, DataLoss)
        assert str(failure.value) == (
            f"filesystem layer verification failed for digest {_BIG.digest}"
        )
    assert not content.has(Digest(_BIG.digest))
    assert not any(content.ingests.iterdir())


async def test_a_second_half_that_lies_gets_one_more_try(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    async def fault(request: web.BaseRequest) -> web.StreamResponse | None:
        if _BIG.digest not in request.path:
            return None
        tried = len(faulty.paths(_BIG.digest))
        if tried == 1:
            return await broken_off(request, _BIG.data[:5000], stated=len(_BIG.data))
        return blob_response(request, b"x" * len(_BIG.data)) if tried == 2 else None

    faulty.fault = fault
    await _pull(open_distribution(), f"{faulty.address}/app")
    assert content.read(Digest(_BIG.digest)) == _BIG.data


async def test_a_manifest_that_is_not_its_digest_is_refused(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    wrong = "sha256:" + "0" * 64
    faulty.manifests[f"app@{wrong}"] = _IMAGE.manifest
    with pytest.raises(DataLoss, match=f"manifest verification failed for digest {wrong}"):
        await _pull(open_distribution(), f"{faulty.address}/app@{wrong}")
    assert _is_clean(content)


async def test_a_config_that_is_not_its_digest_is_refused(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    faulty.blobs[_IMAGE.config.digest] = b"{}"
    with pytest.raises(DataLoss, match="image config verification failed for digest sha256:"):
        await _pull(open_distribution(), f"{faulty.address}/app")
    assert _is_clean(content)


async def test_a_config_of_other_layers_is_refused(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    document = json.loads(_IMAGE.manifest.data)
    del document["layers"][0]
    manifest = Blob(json.dumps(document).encode(), _IMAGE.manifest.media_type)
    faulty.add_manifest(manifest, "app")
    with pytest.raises(InvalidParameter, match="layers from manifest don't match"):
        await _pull(open_distribution(), f"{faulty.address}/app")
    assert _is_clean(content)


async def test_a_foreign_layer_is_explained(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    document = json.loads(_IMAGE.manifest.data)
    document["layers"][1]["mediaType"] = DOCKER_FOREIGN_LAYER_GZIP
    document["layers"][1]["urls"] = ["https://elsewhere.example/layer"]
    faulty.add_manifest(Blob(json.dumps(document).encode(), _IMAGE.manifest.media_type), "app")
    del faulty.blobs[_BIG.digest]
    with pytest.raises(NotFound, match=r"a foreign one.*https://elsewhere\.example/layer"):
        await _pull(open_distribution(), f"{faulty.address}/app")


async def test_requests_go_through_the_proxy_of_the_environment(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    environ = {"HTTP_PROXY": faulty.url}
    distribution = open_distribution(environ=environ, insecure=["lab.example"])
    found = _resolved(await _pull(distribution, "lab.example/app"))
    assert found.digest == _IMAGE.manifest.digest
    assert {seen.headers["Host"] for seen in faulty.seen} == {"lab.example"}


async def test_a_huge_manifest_is_not_read_to_its_end(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    faulty.add_manifest(Blob(b"[" * (5 << 20), _IMAGE.manifest.media_type), "app")
    with pytest.raises(DataLoss, match="manifest of more than 4 MiB refused"):
        await _pull(open_distribution(), f"{faulty.address}/app")


# Mirrors and packs


async def test_a_mirror_answers_for_docker_hub(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    digest = faulty.add(_IMAGE, "library/app")
    distribution = open_distribution(mirrors=["http://127.0.0.1:5", faulty.url])
    found = _resolved(await _pull(distribution, "app", credentials=_ADA))
    assert (found.digest, found.canonical, found.source) == (digest, True, faulty.url)
    assert not any("Authorization" in seen.headers for seen in faulty.seen)


async def test_a_mirror_is_not_asked_for_other_registries(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    with pytest.raises(SystemFailure, match="connection refused"):
        await _pull(open_distribution(mirrors=[faulty.url]), "127.0.0.1:5/app")
    assert not faulty.seen


async def test_a_layer_that_the_mirror_lost_comes_from_the_next(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    faulty.add(_IMAGE, "library/app")
    with running_faulty_registry() as lossy:
        lossy.add(_IMAGE, "library/app")
        del lossy.blobs[_BIG.digest]
        found = _resolved(await _pull(open_distribution(mirrors=[lossy.url, faulty.url]), "app"))
        assert found.source == lossy.url
    assert content.has(Digest(_BIG.digest))


_HURRIED = Timeouts(connect=20, read=3)


async def _says_nothing(_: web.BaseRequest) -> None:
    """Accept the connection and the request, and leave it at that."""
    await asyncio.sleep(30)


async def _is_broken(_: web.BaseRequest) -> web.Response:
    return web.Response(status=500, text="Internal Server Error")


async def test_mirrors_are_asked_in_order_until_one_has_it(
    faulty: FaultyRegistry, open_distribution: Open
) -> None:
    """One hangs, one answers 500, one has it not; the fourth is asked at last, a fifth never."""
    faulty.add(_IMAGE, "library/app")
    with (
        running_faulty_registry() as hanging,
        running_faulty_registry() as broken,
        running_faulty_registry() as empty,
        running_faulty_registry() as spare,
    ):
        hanging.fault, broken.fault = _says_nothing, _is_broken
        mirrors = [each.url for each in (hanging, broken, empty, faulty, spare)]
        distribution = open_distribution(mirrors=mirrors, mirror_timeouts=_HURRIED)
        assert _resolved(await _pull(distribution, "app")).source == faulty.url
        assert all(each.seen for each in (hanging, broken, empty))
        assert not spare.seen
        hanging.seen.clear()
        assert _resolved(await _pull(distribution, "app")).source == faulty.url
        assert not hanging.seen, "who kept us waiting in vain is not asked again so soon"


async def test_a_pack_is_asked_before_a_mirror_that_was_silent(
    pack: Path, faulty: FaultyRegistry, open_distribution: Open
) -> None:
    faulty.add(_IMAGE, "library/other")
    faulty.fault = _says_nothing
    distribution = open_distribution(
        mirrors=[faulty.url],
        mirror_timeouts=_HURRIED,
        packs=[pack],
        environ={"HTTPS_PROXY": "http://127.0.0.1:5"},  # Docker Hub is out of reach, too
    )
    for _ in range(2):
        assert _resolved(await _pull(distribution, "app")).source == str(pack)
        assert len(faulty.seen) == 1
    faulty.fault = None
    found = _resolved(await _pull(distribution, "other"))
    assert found.source == faulty.url, "what the pack has not got is asked of everybody"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    directory = tmp_path / "pack"
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for blob in (*_IMAGE.blobs(), _IMAGE.manifest):
        (blobs / blob.digest.removeprefix("sha256:")).write_bytes(blob.data)
    names = ("127.0.0.1:5/app:1", "docker.io/library/app:latest")
    keys = ("org.opencontainers.image.ref.name", "io.containerd.image.name")
    entries = [
        {**_IMAGE.manifest.descriptor(), "annotations": {key: name}}
        for key, name in zip(keys, names, strict=True)
    ]
    index = {"schemaVersion": 2, "manifests": entries}
    (directory / "index.json").write_text(json.dumps(index))
    return directory


async def test_a_pack_serves_what_no_registry_gives(
    pack: Path, content: LocalStore, open_distribution: Open
) -> None:
    found = _resolved(await _pull(open_distribution(packs=[pack]), "127.0.0.1:5/app:1"))
    assert (found.source, found.canonical) == (str(pack), False)
    assert content.read(Digest(_BIG.digest)) == _BIG.data


async def test_a_registry_that_answers_comes_before_a_pack(
    pack: Path, faulty: FaultyRegistry, open_distribution: Open
) -> None:
    faulty.add(_IMAGE, "library/app")
    distribution = open_distribution(packs=[pack], mirrors=[faulty.url])
    assert _resolved(await _pull(distribution, "app")).source == faulty.url


async def test_what_the_registry_said_is_told_when_the_pack_has_not_got_it_either(
    pack: Path, open_distribution: Open
) -> None:
    for packs in ([pack], [pack / "nosuch"]):
        with pytest.raises(SystemFailure, match="connect: connection refused"):
            await _pull(open_distribution(packs=packs), "127.0.0.1:5/other:1")


async def test_a_pack_that_was_tampered_with_is_refused(
    pack: Path, content: LocalStore, open_distribution: Open
) -> None:
    (pack / "blobs" / "sha256" / _BIG.digest[7:]).write_bytes(b"x" * len(_BIG.data))
    with pytest.raises(DataLoss, match="filesystem layer verification failed"):
        await _pull(open_distribution(packs=[pack]), "127.0.0.1:5/app:1")
    assert not content.has(Digest(_BIG.digest))


# Many clients


async def test_ten_clients_download_once(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    async def fault(request: web.BaseRequest) -> None:
        await asyncio.sleep(0.05 if "/blobs/" in request.path else 0)

    faulty.fault = fault
    distribution = open_distribution()
    pulls = [_pull(distribution, f"{faulty.address}/app") for _ in range(10)]
    for events in await asyncio.gather(*pulls):
        layers = [event.index for event in events if isinstance(event, LayerDownloaded)]
        assert layers == [0, 1, 2]
    for one in _IMAGE.layers:
        assert len(faulty.paths(one.blob.digest)) == 1
    assert len(list(content.walk())) == 3


async def _start_and_leave(distribution: Distribution, name: str) -> None:
    async with aclosing(distribution.pull(parse(name))) as events:
        async for event in events:
            if isinstance(event, Progress) and event.status == "Downloading":
                break


async def test_a_client_that_leaves_stops_its_download(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    halting = _Halting()
    faulty.fault = halting.answer
    await _start_and_leave(open_distribution(), f"{faulty.address}/app")
    assert not any(content.ingests.iterdir())
    assert not content.has(Digest(_BIG.digest))
    assert await asyncio.to_thread(halting.ended.wait, 20), "the server was not told to stop"


async def test_a_client_that_leaves_does_not_stop_another_s_download(
    faulty: FaultyRegistry, content: LocalStore, open_distribution: Open
) -> None:
    halting = _Halting()
    faulty.fault = halting.answer
    distribution = open_distribution()
    stays = asyncio.create_task(_pull(distribution, f"{faulty.address}/app"))
    await _start_and_leave(distribution, f"{faulty.address}/app")
    assert not halting.ended.is_set()
    halting.go_on.set()
    await stays
    assert content.read(Digest(_BIG.digest)) == _BIG.data
    assert len(faulty.paths(_BIG.digest)) == 1


class _Halting:
    """Sends half of the big layer, and the rest when it is told to, unless the client has gone."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.ended = threading.Event()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse | None:
        if _BIG.digest not in request.path:
            return None
        answer = web.StreamResponse()
        answer.content_length = len(_BIG.data)
        await answer.prepare(request)
        await answer.write(_BIG.data[:100_000])
        while not self.go_on.is_set():
            if request.transport is None or request.transport.is_closing():
                self.ended.set()
                raise asyncio.CancelledError
            await asyncio.sleep(0.01)
        await answer.write(_BIG.data[100_000:])
        return answer
