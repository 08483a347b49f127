"""The sequence diagram: rows, times, participants that stay silent."""

import xml.etree.ElementTree as ET

from dockerlab.graph import Message, Sequence, draw_sequence

SVG = "{http://www.w3.org/2000/svg}"
PARTICIPANTS = (("client", "client"), ("engine", "engine"), ("registry", "registry"))


def test_messages_notes_and_times() -> None:
    drawing = draw_sequence(
        Sequence(
            "What <happened>",
            PARTICIPANTS,
            (
                Message("client", "engine", "run it", 0.0),
                Message("engine", "engine", "it is here & ready"),
                Message("engine", "client", "done", 1.234),
            ),
        )
    )
    assert drawing.words == (
        "client → engine: run it (0.00 s)",
        "engine: it is here & ready",
        "engine → client: done (1.23 s)",
    )
    root = ET.fromstring(drawing.svg or "")  # noqa: S314 - our own
    assert root.findtext(f"{SVG}title") == "What <happened>"
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert "1.23 s" in texts
    silent = [group for group in root.iter(f"{SVG}g") if group.get("class") == "quiet"]
    assert any("registry" in ET.tostring(group, encoding="unicode") for group in silent)


def test_long_texts_are_broken_into_lines_and_make_room() -> None:
    short = draw_sequence(Sequence("t", PARTICIPANTS, (Message("client", "engine", "a"),)))
    long = draw_sequence(Sequence("t", PARTICIPANTS, (Message("client", "engine", "word " * 20),)))
    assert _height(long.svg) > _height(short.svg)


def test_nothing_happened() -> None:
    assert draw_sequence(Sequence("t", PARTICIPANTS, ())).words == ()


def _height(svg: str | None) -> float:
    return float(ET.fromstring(svg or "").get("height") or 0)  # noqa: S314
