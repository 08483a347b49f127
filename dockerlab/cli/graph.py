"""`dockerlab graph`: which layers images share, as an SVG or PNG file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dockerlab.messages import text


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of `dockerlab`."""
    parser = commands.add_parser("graph", help=text("command.graph"))
    parser.add_argument("images", nargs="*", metavar="IMAGE", help=text("command.graph_images"))
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help=text("command.output")
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw the images, or all that the engine has, and print the same in words."""
    from dockerlab.graph import draw_sharing  # noqa: PLC0415
    from dockerlab.layers import read_all_images, read_images, share  # noqa: PLC0415
    from dockerlab.notebook.connect import open_connection  # noqa: PLC0415

    client = open_connection().client
    images = read_images(client, options.images) if options.images else read_all_images(client)
    drawing = draw_sharing(share(images))
    print(drawing)
    if drawing.svg is None:
        sys.stderr.write(f"{drawing.note}\n")
        return 1
    try:
        drawing.save(options.output)
    except OSError as error:
        reason = error.strerror
        sys.stderr.write(f"{text('command.not_written', path=options.output, reason=reason)}\n")
        return 1
    return 0
