"""``dockerlab engine start|stop|status|run``, and ``python -m dockerlab.engine`` with the same."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dockerlab.engine.daemon import control, process
from dockerlab.engine.daemon.place import default_root
from dockerlab.engine.errors import EngineError


def main(arguments: Sequence[str] | None = None, *, program: str = "dockerlab engine") -> int:
    """Run one command; its exit code.

    ``status`` ends with 0 where an engine runs and with 3 where none does, as services do (LSB).
    """
    options = _parser(program).parse_args(arguments)
    options.root = (options.root or default_root()).absolute()
    try:
        return _COMMANDS[options.command](options)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _start(options: argparse.Namespace) -> int:
    address = control.start(
        root=options.root,
        socket=options.socket,
        runtime=options.runtime,
        idle=options.idle,
        packs=options.pack,
        mirrors=options.mirror,
        layer_limit=options.max_layer_size,
    )
    sys.stdout.write(f"{address}\n")
    return 0


def _stop(options: argparse.Namespace) -> int:
    stopped = control.stop(root=options.root)
    sys.stdout.write("stopped\n" if stopped else "no engine was running\n")
    return 0


def _status(options: argparse.Namespace) -> int:
    found = control.status(root=options.root)
    if not found.running:
        sys.stdout.write(f"no engine runs on {found.root}\n")
        return 3
    sys.stdout.write(f"{found.address} (process {found.pid}, data in {found.root})\n")
    return 0


def _run(options: argparse.Namespace) -> int:
    settings = process.Options(
        root=options.root,
        socket=options.socket,
        runtime=options.runtime,
        idle=options.idle,
        packs=tuple(options.pack),
        mirrors=tuple(options.mirror),
        layer_limit=options.max_layer_size,
    )
    process.run(settings, detach=options.detach)
    return 0


_COMMANDS = {"start": _start, "stop": _stop, "status": _status, "run": _run}


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description=main.__doc__,
        epilog="`dockerlab engine check` says whether everything that the engine keeps is whole.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in (
        ("start", "start the engine in the background, or find the one that runs"),
        ("stop", "stop it and its containers"),
        ("status", "say whether it runs, and where"),
        ("run", "run it in the foreground"),
    ):
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument("--root", type=Path, metavar="DIR", help="where its data is")
        if name in ("start", "run"):
            _add_options(command, idle=control.DEFAULT_IDLE if name == "start" else 0)
        if name == "run":
            command.add_argument("--detach", type=int, metavar="FD", help=argparse.SUPPRESS)
    return parser


def _add_options(command: argparse.ArgumentParser, *, idle: float) -> None:
    command.add_argument("--socket", type=Path, metavar="PATH", help="where it listens")
    command.add_argument("--runtime", choices=("auto", "oci", "proot", "none"), default="auto")
    command.add_argument(
        "--idle",
        type=float,
        metavar="SECONDS",
        default=idle,
        help="stop after so long without use; 0 for never (default: %(default)g)",
    )
    command.add_argument(
        "--pack",
        type=Path,
        metavar="DIR",
        action="append",
        default=[],
        help="an OCI layout to take images from where no registry has them; may be repeated",
    )
    command.add_argument(
        "--mirror",
        metavar="URL",
        action="append",
        default=os.environ.get("DOCKERLAB_REGISTRY_MIRRORS", "").replace(",", " ").split(),
        help="a registry to ask before Docker Hub; may be repeated, and adds to those in "
        "DOCKERLAB_REGISTRY_MIRRORS",
    )
    command.add_argument(
        "--max-layer-size",
        type=_size,
        metavar="SIZE",
        default=os.environ.get("DOCKERLAB_MAX_LAYER_SIZE") or None,
        help="refuse layers, build contexts and archives that unpack to more, for instance 20g: "
        "some are made to fill the disk "
        "(default: DOCKERLAB_MAX_LAYER_SIZE, or what the disk holds)",
    )


def _size(text: str) -> int:
    """Bytes, or with a suffix k, m, g or t as many times 1024.

    >>> _size("1000"), _size("2k"), _size("20G")
    (1000, 2048, 21474836480)

    """
    number = text.lower().removesuffix("b")
    factor = {"k": 1, "m": 2, "g": 3, "t": 4}.get(number[-1:], 0)
    digits = number[:-1] if factor else number
    if not digits.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no size: it should look like 20g")
    return int(digits) << (10 * factor)
