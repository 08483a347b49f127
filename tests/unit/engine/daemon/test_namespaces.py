from pathlib import Path

import pytest

from dockerlab.engine.daemon.namespaces import IdRange, subordinate


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("somebody:100000:65536\n", None),
        ("4242:1:2\n4242:3:4\n", IdRange(1, 2)),
        ("4242:x:2\n4242:3:4\n", IdRange(3, 4)),
        ("nonsense\n", None),
    ],
)
def test_the_first_range_of_the_user(tmp_path: Path, text: str, found: IdRange | None) -> None:
    path = tmp_path / "subuid"
    path.write_text(text)
    assert subordinate(str(path), 4242) == found
    assert subordinate(str(tmp_path / "nosuch"), 4242) is None
