"""What a layer changes is what a container sees change (image-spec, layer.md)."""

import pytest

from dockerlab.layers.changes import Changes, find_changes
from dockerlab.layers.entry import Entry
from dockerlab.layers.scan import scan_layer
from tests.unit.layers.tarballs import Member, layer

BASE = layer(
    Member("etc/", mode=0o755),
    Member("etc/passwd", b"root"),
    Member("var/", mode=0o755),
    Member("var/log/", mode=0o755),
    Member("var/log/a", b"a"),
    Member("var/log/b", b"b"),
)


def changes(*members: Member) -> Changes:
    """What these do on top of the base."""
    tars = (BASE, layer(*members))
    return find_changes([_entries(tar) for tar in tars])[1]


def _entries(tar: bytes) -> tuple[Entry, ...]:
    parts = iter([tar])
    return scan_layer(lambda _count: next(parts, b"")).entries


def names(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.name for entry in entries]


def test_all_of_the_lowest_layer_is_added() -> None:
    (found,) = find_changes([_entries(BASE)])
    assert len(found.added) == 6
    assert found.modified == found.removed == found.unchanged == ()


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        (Member("etc/new", b"x"), "added"),
        (Member("etc/passwd", b"toor"), "modified"),
        (Member("etc/passwd", b"root", mode=0o600), "modified"),
        (Member("etc/passwd", b"root", uid=1), "modified"),
        (Member("etc/passwd", b"root", gid=1), "modified"),
        (Member("etc/passwd", link="x"), "modified"),
        (Member("etc/passwd", b"root"), "unchanged"),
        (Member("./etc//passwd", b"root"), "unchanged"),
        (Member("etc/", mode=0o755), "unchanged"),
        (Member("etc/", mode=0o700), "modified"),
    ],
)
def test_one_file(member: Member, kind: str) -> None:
    found = changes(member)
    assert len(getattr(found, kind)) == 1
    total = (found.added, found.modified, found.removed, found.unchanged)
    assert sum(map(len, total)) == 1


def test_a_whiteout_removes_all_that_is_below() -> None:
    found = changes(Member("var/.wh.log"))
    assert names(found.removed) == ["/var/log", "/var/log/a", "/var/log/b"]
    assert found.added == found.modified == ()


def test_a_whiteout_of_nothing_removes_nothing() -> None:
    assert changes(Member("no/where/.wh.x")).removed == ()


def test_an_opaque_directory_hides_what_is_in_it_and_not_its_own() -> None:
    found = changes(Member("var/log/a", b"new"), Member("var/log/.wh..wh..opq"))
    assert (names(found.modified), names(found.removed)) == (["/var/log/a"], ["/var/log/b"])


def test_removed_and_written_again_is_modified_or_nothing_at_all() -> None:
    members = (Member("var/log/", mode=0o755), Member("var/log/a", b"a"), Member("var/log/b", b"B"))
    found = changes(Member("var/.wh.log"), *members)
    assert names(found.unchanged) == ["/var/log", "/var/log/a"]
    assert names(found.modified) == ["/var/log/b"]
    assert found.removed == ()


def test_a_file_in_place_of_a_directory_removes_what_was_in_it() -> None:
    found = changes(Member("var/log", b"file"))
    assert names(found.modified) == ["/var/log"]
    assert names(found.removed) == ["/var/log/a", "/var/log/b"]


def test_a_removal_lasts() -> None:
    third = layer(Member("etc/passwd", b"root"))
    tars = (BASE, layer(Member("etc/.wh.passwd")), third)
    found = find_changes([_entries(tar) for tar in tars])[2]
    assert names(found.added) == ["/etc/passwd"]
