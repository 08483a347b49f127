"""Builds as bars: to scale, and with the same in words."""

import re
import xml.etree.ElementTree as ET

from dockerlab.graph import draw_builds
from dockerlab.layers import BuildMeasure

SVG = "{http://www.w3.org/2000/svg}"
START = BuildMeasure("start", 20_000_000, 8, 6_000_000, 2.0)
BETTER = BuildMeasure("<better>", 5_000_000, 4, 0, 0.5)


def test_the_picture_says_in_words_what_it_shows() -> None:
    drawing = draw_builds([START, BETTER])
    assert "20MB" in drawing.words[0]
    assert "<better>" in drawing.words[1]
    root = ET.fromstring(drawing.svg or "")  # noqa: S314 - our own
    assert root.get("role") == "img"
    assert "0.50 s" in (root.findtext(f"{SVG}desc") or "")


def test_bars_are_as_long_as_their_figures_say() -> None:
    svg = draw_builds([START, BETTER]).svg or ""
    bars = [float(width) for width in re.findall(r'width="([\d.]+)" height="16"', svg)]
    assert bars == [90, 90, 90, 90, 22.5, 45, 1, 22.5]


def test_nothing_wasted_anywhere_is_drawn_as_well() -> None:
    assert draw_builds([BETTER]).svg
    assert draw_builds([]).svg
