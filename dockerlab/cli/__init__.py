"""The `dockerlab` command.

Exit codes: 0 it is done, 1 it could not be done (a sentence on stderr says why), 2 the command was
not understood, 130 Ctrl-C. `dockerlab engine status` ends with 3 where no engine runs, as services
do (LSB), `dockerlab engine check` where something is wrong, and `dockerlab analyze` where the image
does not hold a limit that was given.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence

from dockerlab import __version__
from dockerlab.cli import analyze, check, graph, pack, score
from dockerlab.errors import DockerlabError
from dockerlab.messages import text

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["engine"]:
            return check.main(given[2:]) if given[1:2] == ["check"] else _engine(given[1:])
        options = _parser().parse_args(given)
        return int(options.run(options))
    except DockerlabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"{text('command.interrupted')}\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; Python must not complain at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _connect(options: argparse.Namespace) -> int:
    from dockerlab.notebook.card import make_card  # noqa: PLC0415
    from dockerlab.notebook.connect import open_connection  # noqa: PLC0415

    inherited = os.environ.get("DOCKER_HOST", "")
    connection = open_connection()
    if not options.print_env:
        print(make_card(connection, terminal_host=inherited))
        return 0
    for name, value in connection.export().items():
        print(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from dockerlab.doctor import as_json, as_text, examine, network_as_text  # noqa: PLC0415

    report = examine()
    told = network_as_text if options.network else as_text
    print(as_json(report) if options.json else told(report))
    return 0 if report.ready else 1


def _cleanup(_: argparse.Namespace) -> int:
    from dockerlab.notebook.cleanup import cleanup  # noqa: PLC0415

    done = cleanup()
    print(done)
    return 1 if done.left else 0


def _engine(arguments: Sequence[str]) -> int:
    """Hand over to the engine's own command, with the stand-ins as its last source of images."""
    from dockerlab.engine import daemon  # noqa: PLC0415
    from dockerlab.standins import packs  # noqa: PLC0415

    given = list(arguments)
    if given[:1] in (["start"], ["run"]) and not {"-h", "--help"}.intersection(given):
        given += [word for each in packs() for word in ("--pack", str(each))]
    return daemon.main(given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dockerlab", description=text("command.description"))
    version = f"dockerlab {__version__}"
    parser.add_argument(
        "--version", action="version", version=version, help=text("command.version")
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    connect = commands.add_parser("connect", help=text("command.connect"))
    connect.add_argument("--print-env", action="store_true", help=text("command.print_env"))
    connect.set_defaults(run=_connect)
    doctor = commands.add_parser("doctor", help=text("command.doctor"))
    doctor.add_argument("--json", action="store_true", help=text("command.json"))
    doctor.add_argument("--network", action="store_true", help=text("command.network"))
    doctor.set_defaults(run=_doctor)
    analyze.add_command(commands)
    graph.add_command(commands)
    pack.add_command(commands)
    score.add_command(commands)
    commands.add_parser("engine", help=text("command.engine"), add_help=False)
    cleanup = commands.add_parser("cleanup", help=text("command.cleanup"))
    cleanup.set_defaults(run=_cleanup)
    return parser
