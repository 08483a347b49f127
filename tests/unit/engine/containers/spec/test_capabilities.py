import pytest

from dockerlab.engine.containers.spec import capabilities
from dockerlab.engine.errors import InvalidParameter


def test_capabilities() -> None:
    every = capabilities.chosen((), (), privileged=True, held=capabilities.held() | {"CAP_KILL"})
    assert "CAP_KILL" in every
    default = frozenset(capabilities.DEFAULT)
    assert set(capabilities.chosen((), (), privileged=False, held=default)) == default
    less = capabilities.chosen((), ("KILL", "cap_chown"), privileged=False, held=default)
    assert set(less) == default - {"CAP_KILL", "CAP_CHOWN"}
    with pytest.raises(InvalidParameter, match='invalid CapDrop: unknown capability: "CAP_X"'):
        capabilities.check(["x"], "CapDrop")
