from pathlib import Path

import pytest

from dockerlab.engine.daemon.lock import Holder, Lock, held, holder
from dockerlab.engine.errors import Conflict


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    assert not held(tmp_path)
    with Lock(tmp_path) as lock:
        assert held(tmp_path)
        assert holder(tmp_path) is None
        with pytest.raises(Conflict, match="already running"):
            Lock(tmp_path)
        lock.write(Holder(pid=7, socket="/s"))
        assert holder(tmp_path) == Holder(pid=7, socket="/s")
    assert not held(tmp_path)
    assert holder(tmp_path) is None
