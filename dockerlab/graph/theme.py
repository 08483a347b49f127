"""The colours of every picture, by day and by night.

The hues are Okabe and Ito's, which people with any form of colour blindness can tell apart; what a
colour says is also said by a word or by the kind of line. Each picture paints its own background:
JupyterLab shows an SVG as an `<img>`, which follows the system's preference and not JupyterLab's
theme, so that text on a transparent ground would vanish in the dark theme.
"""

from __future__ import annotations

from dataclasses import dataclass

SHAPES = ("path", "polygon", "polyline", "rect", "line")
FONT = "Helvetica,Arial,sans-serif"

# An edge's curve is a path like a box's outline; a box's second outline would hide the first.
SHAPES_WITHOUT_FILL = ".edge path, .node polygon + polygon { fill: none; }"


@dataclass(frozen=True, slots=True)
class Paint:
    """How one kind of thing is painted: fill, line and text, as `#rrggbb`."""

    fill: str
    line: str
    text: str


LIGHT = {
    "ground": Paint("#ffffff", "#d0d7de", "#1f2328"),
    "plain": Paint("#f6f8fa", "#57606a", "#1f2328"),
    "shared": Paint("#cfe6f5", "#0072b2", "#1f2328"),
    "own": Paint("#fbeccb", "#a86f00", "#1f2328"),
    "writable": Paint("#d3efe5", "#00795a", "#1f2328"),
    "freed": Paint("#fbdccb", "#b84700", "#1f2328"),
    "quiet": Paint("#ffffff", "#8c959f", "#57606a"),
}
DARK = {
    "ground": Paint("#161b22", "#3d444d", "#e6edf3"),
    "plain": Paint("#212830", "#9198a1", "#e6edf3"),
    "shared": Paint("#0b3a57", "#56b4e9", "#e6edf3"),
    "own": Paint("#45330a", "#e69f00", "#e6edf3"),
    "writable": Paint("#0a3d30", "#2fbf94", "#e6edf3"),
    "freed": Paint("#4d2109", "#ff8f52", "#e6edf3"),
    "quiet": Paint("#161b22", "#767f89", "#a5adb6"),
}


def stylesheet() -> str:
    """Return the CSS that paints by class, dark where the reader's system prefers it."""
    light = " ".join(_rule(kind, paint) for kind, paint in LIGHT.items())
    dark = " ".join(_rule(kind, paint) for kind, paint in DARK.items())
    light += f" .label {{ stroke: {LIGHT['ground'].fill}; }}"
    dark += f" .label {{ stroke: {DARK['ground'].fill}; }}"
    return f"{light} @media (prefers-color-scheme: dark) {{ {dark} }} {SHAPES_WITHOUT_FILL}"


def _rule(kind: str, paint: Paint) -> str:
    shapes = ", ".join(f".{kind} {shape}" for shape in SHAPES)
    return (
        f"{shapes} {{ fill: {paint.fill}; stroke: {paint.line}; }} "
        f".{kind} text {{ fill: {paint.text}; }} "
        f".{kind} .head {{ fill: {paint.line}; }}"
    )
