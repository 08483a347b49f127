import pytest

from dockerlab.engine.server.hijack import MULTIPLEXED, RAW, content_type, frame
from dockerlab.engine.server.versions import Version


def test_a_frame_is_eight_bytes_and_the_data() -> None:
    assert frame(1, b"out") == b"\1\0\0\0\0\0\0\3out"
    assert frame(2, b"x" * 70000)[:8] == b"\2\0\0\0\0\1\x11\x70"


@pytest.mark.parametrize(
    ("minor", "tty", "kind"),
    [(41, False, RAW), (42, False, MULTIPLEXED), (51, False, MULTIPLEXED), (51, True, RAW)],
)
def test_the_content_type_says_how_to_read_it(minor: int, tty: bool, kind: str) -> None:
    assert content_type(Version(1, minor), tty=tty) == kind
