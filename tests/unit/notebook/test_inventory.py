"""Which of the things that appeared are a lesson's."""

import pytest

from dockerlab.notebook.inventory import Inventory, appeared, matches


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("hello-world:latest", "hello-world", True),
        ("hello-world", "hello-world", True),
        ("docker.io/library/hello-world:latest", "hello-world", True),
        ("hello-world:v2", "hello-world:v1", False),
        ("lab-one:1", "lab-*", True),
        ("127.0.0.1:5000/lab:1", "127.0.0.1:5000/lab", True),
        ("localhost/lab-one:1", "lab-*", True),
        ("postgres:16", "hello-world", False),
        ("somebody/hello-world:latest", "hello-world", False),
        ("sha256:1234", "*hello*", False),
    ],
)
def test_a_name_is_meant_by_a_pattern(name: str, pattern: str, *, expected: bool) -> None:
    assert matches(name, [pattern]) is expected


def test_what_was_there_before_did_not_appear() -> None:
    before = Inventory({"a": "hello-world"}, {"hello-world:latest": "sha256:1"})
    after = Inventory(
        {"a": "hello-world", "b": "hello-world", "c": "postgres", "d": "sha256:1"},
        {"hello-world:latest": "sha256:1", "postgres:16": "sha256:2", "lab-x:1": "sha256:1"},
    )
    new = appeared(before, after, images=["hello-world", "lab-*"])
    assert set(new.containers) == {"b", "d"}
    assert dict(new.images) == {"lab-x:1": "sha256:1"}


def test_nothing_declared_nothing_recorded() -> None:
    after = Inventory({"a": "hello-world"}, {"hello-world:latest": "sha256:1"})
    assert appeared(Inventory(), after, images=[]) == Inventory({}, {})
