"""The terminal's still form, and how a prompt is told."""

import pytest

from dockerlab.widgets.terminal.screen import screen_html, screen_lines
from dockerlab.widgets.terminal.typist import is_prompt


def test_lines_that_scrolled_away_are_kept() -> None:
    written = b"".join(b"line %d\r\n" % number for number in range(50))
    assert screen_lines(written, columns=20, rows=5) == tuple(f"line {n}" for n in range(50))


def test_what_was_overwritten_is_gone() -> None:
    assert screen_lines(b"10%\r\x1b[K100%", columns=20, rows=5) == ("100%",)


def test_html_is_escaped_and_coloured() -> None:
    html = screen_html(b"<script>\x1b[32mgreen\x1b[0m", columns=40, rows=5)
    assert "&lt;script&gt;" in html
    assert '<span style="color:#7ee787">green</span>' in html


@pytest.mark.parametrize(
    "written",
    [
        b"/ # ",
        b"hello\r\n[root@3f2a /]# ",
        b"\x1b[?2004hbash-5.2$ ",
        b">>> ",
        b"\x1b]0;title\x07sh-5.1# ",
        b"/ # \x1b[6n",
    ],
)
def test_a_prompt_is_told(written: bytes) -> None:
    assert is_prompt(written)


@pytest.mark.parametrize("written", [b"", b"hello\r\n", b"/ # ls", b"50%\r\n", b"Password: "])
def test_what_is_no_prompt(written: bytes) -> None:
    assert not is_prompt(written)
