"""Every content store keeps the contract of `dockerlab.engine.content.store`."""

import hashlib
import threading
from pathlib import Path

import pytest

from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.content.store import ContentStore
from dockerlab.engine.errors import DataLoss, InvalidParameter, NotFound
from dockerlab.engine.oci import Digest

DATA = b"a blob\n" * 1000
OTHER = Digest("sha256:" + "0" * 64)


def digest(data: bytes) -> Digest:
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


@pytest.fixture(params=[LocalStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ContentStore:
    made: ContentStore = request.param(tmp_path / "content")
    return made


def test_a_blob_is_there_under_its_digest(store: ContentStore) -> None:
    name = store.add(DATA)
    assert name == digest(DATA)
    assert store.has(name)
    assert store.read(name) == store.path(name).read_bytes() == DATA
    assert store.size(name) == len(DATA)
    with store.open(name) as file:
        assert file.read() == DATA
    assert list(store.walk()) == [name]


def test_a_blob_may_stay_where_it_lies(store: ContentStore, tmp_path: Path) -> None:
    there = tmp_path / "of-a-pack"
    there.write_bytes(DATA)
    store.link(there, digest=digest(DATA), size=len(DATA))
    store.link(there, digest=digest(DATA), size=len(DATA))
    assert store.read(digest(DATA)) == DATA
    assert list(store.walk()) == [digest(DATA)]
    assert store.delete(digest(DATA)) == 0, "nothing was freed"
    assert there.read_bytes() == DATA
    assert not store.has(digest(DATA))


def test_what_lies_elsewhere_is_verified_and_may_go(store: ContentStore, tmp_path: Path) -> None:
    there = tmp_path / "of-a-pack"
    there.write_bytes(DATA)
    for name, size in ((OTHER, len(DATA)), (digest(DATA), len(DATA) - 1)):
        with pytest.raises(DataLoss):
            store.link(there, digest=name, size=size)
    store.link(there, digest=digest(DATA), size=len(DATA))
    there.unlink()
    assert not store.has(digest(DATA))
    assert store.add(DATA) == digest(DATA), "it can be had again"
    assert store.read(digest(DATA)) == DATA
    with pytest.raises(NotFound):
        store.link(there, digest=OTHER, size=1)


def test_nothing_is_there_before_the_commit(store: ContentStore) -> None:
    with store.ingest() as ingest:
        ingest.write(DATA[:100])
        ingest.write(memoryview(DATA)[100:])
        assert ingest.offset == len(DATA)
        assert not store.has(digest(DATA))
        assert ingest.commit(expected=digest(DATA), size=len(DATA)) == digest(DATA)
        assert store.has(digest(DATA))
    assert store.read(digest(DATA)) == DATA


def test_without_a_commit_it_never_existed(store: ContentStore) -> None:
    with store.ingest() as ingest:
        ingest.write(DATA)
    with pytest.raises(ZeroDivisionError):
        _fail_half_way(store)
    assert list(store.walk()) == []


def _fail_half_way(store: ContentStore) -> None:
    with store.ingest() as ingest:
        ingest.write(DATA)
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("expected", "size"), [(OTHER, None), (None, len(DATA) + 1), (digest(DATA), 0)]
)
def test_what_is_not_as_expected_is_not_kept(
    store: ContentStore, expected: Digest | None, size: int | None
) -> None:
    with store.ingest() as ingest:
        ingest.write(DATA)
        with pytest.raises(DataLoss):
            ingest.commit(expected=expected, size=size)
    assert list(store.walk()) == []


def test_the_same_blob_twice_is_one(store: ContentStore) -> None:
    assert store.add(DATA) == store.add(DATA)
    assert list(store.walk()) == [digest(DATA)]


def test_an_empty_blob_is_a_blob(store: ContentStore) -> None:
    assert store.read(store.add(b"")) == b""


def test_many_threads_store_the_same(store: ContentStore) -> None:
    threads = [threading.Thread(target=store.add, args=(DATA,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(store.walk()) == [digest(DATA)]
    assert store.read(digest(DATA)) == DATA


def test_delete_says_what_it_freed(store: ContentStore) -> None:
    name = store.add(DATA)
    assert store.delete(name) == len(DATA)
    assert not store.has(name)
    assert store.delete(name) == 0


def test_what_is_not_there_is_not_found(store: ContentStore) -> None:
    assert not store.has(OTHER)
    for ask in (store.path, store.size, store.read, store.open):
        with pytest.raises(NotFound):
            ask(OTHER)


@pytest.mark.parametrize(
    "name",
    ["sha256:../../../etc/passwd", "sha256:", "", "sha512:" + "0" * 128, "sha256:" + "A" * 64],
)
def test_no_digest_leads_elsewhere(store: ContentStore, name: str) -> None:
    for ask in (store.has, store.path, store.delete):
        with pytest.raises(InvalidParameter):
            ask(Digest(name))


def test_sweep_removes_only_what_was_not_committed(store: ContentStore) -> None:
    kept = store.add(DATA)
    abandoned = store.ingest()
    abandoned.write(DATA * 2)
    store.sweep()
    assert list(store.walk()) == [kept]
    abandoned.__exit__(None, None, None)
