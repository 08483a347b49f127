import json

import pytest

from dockerlab.engine.progress import Progress
from dockerlab.engine.server.lines import bar, human_size, line


@pytest.mark.parametrize(
    ("record", "sent"),
    [
        (Progress(status="Pulling from a", id="1"), {"status": "Pulling from a", "id": "1"}),
        (Progress(stream="Loaded\n"), {"stream": "Loaded\n"}),
        (
            Progress(status="Pulling fs layer", id="x", current=0, total=0),
            {"status": "Pulling fs layer", "progressDetail": {}, "id": "x"},
        ),
        (
            Progress(status="Downloading", id="x", current=500, total=1000),
            {
                "status": "Downloading",
                "progressDetail": {"current": 500, "total": 1000},
                "progress": "[=========================>                         ]     500B/1kB",
                "id": "x",
            },
        ),
        (Progress(error="no"), {"errorDetail": {"message": "no"}, "error": "no"}),
        (Progress(aux={"ID": "sha256:0"}), {"aux": {"ID": "sha256:0"}}),
    ],
)
def test_a_record_is_one_line(record: Progress, sent: dict[str, object]) -> None:
    data = line(record)
    assert data.endswith(b"\r\n")
    assert json.loads(data) == sent


@pytest.mark.parametrize(
    ("current", "total", "text"),
    [
        (0, 0, ""),
        (1500, 0, "   1.5kB"),
        (100, 100, "[" + "=" * 50 + ">]     100B/100B"),
        (200, 100, "[" + "=" * 50 + ">]     200B"),
    ],
)
def test_the_bar(current: int, total: int, text: str) -> None:
    assert bar(current, total) == text


def test_sizes_have_four_digits_and_powers_of_a_thousand() -> None:
    assert [human_size(n) for n in (0, 999, 1000, 12345, 10**27)] == [
        "0B",
        "999B",
        "1kB",
        "12.35kB",
        "1000YB",
    ]
