import pytest

from dockerlab.engine.containers import names
from dockerlab.engine.errors import InvalidParameter


def test_generated_names_are_allowed_ones() -> None:
    for attempt in range(200):
        name = names.generate(attempt % 2)
        assert names.check(name) == name


@pytest.mark.parametrize("name", ["a", "-a", "a b", "a/b", "ü", "", "a\n"])
def test_names_that_are_not_allowed(name: str) -> None:
    with pytest.raises(InvalidParameter, match="Invalid container name"):
        names.check(name)
