"""The banner that says which images are stand-ins, or could not be had."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from dockerlab.messages import listed, text
from dockerlab.notebook.display import show
from dockerlab.standins.ensure import Provision

_STYLE = "border:1px solid #8888;border-left:4px solid #b45309;border-radius:4px;padding:.4em .9em"


@dataclass(frozen=True)
class Banner:
    """A warning that the reader cannot miss; shows itself as text and as HTML."""

    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join((f"⚠ {text('banner.title')}", *self.lines))

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{escape(line)}</p>" for line in self.lines)
        return (
            f'<div class="dockerlab-banner" role="note" style="{_STYLE}">'
            f"<strong>⚠ {escape(text('banner.title'))}</strong>{lines}</div>"
        )


def make_banner(provision: Provision) -> Banner | None:
    """Return the banner for what `prepare_images` found, None if every image is the real one."""
    lines = []
    if provision.standins:
        lines.append(text("banner.standins", names=listed(provision.standins)))
    if provision.unavailable:
        lines.append(text("banner.unavailable", names=listed(provision.unavailable)))
    return Banner(tuple(lines)) if lines else None


def show_banner(provision: Provision) -> None:
    """Show the banner, if there is one, in the notebook or as text."""
    banner = make_banner(provision)
    if banner is not None:
        show(banner)
