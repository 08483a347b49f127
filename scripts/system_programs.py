"""Say which system programs are missing and what each is for, and install them if allowed to.

    python3 -m scripts.system_programs lab|test|docker [--yes]

Runs before anything is installed, on the system's own Python, hence on its standard library alone.
Asks before it uses sudo; as root, or with --yes, it does not ask but says what it does. Exits with
1 if something that is indispensable stays missing.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.debian import has_package, install, unpack
from scripts.sockets import answering_engine

_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_VENV_BIN = Path(__file__).resolve().parents[1] / ".venv" / "bin"


def _command(*names: str) -> Callable[[], bool]:
    """A check that one of these commands can be found."""
    # sbin, because an ordinary user's PATH on Debian lacks it, and runc lives there.
    path = f"{_VENV_BIN}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return lambda: any(shutil.which(name, path=path) for name in names)


def _venv_module() -> bool:
    """Whether this Python can make a virtual environment (Debian has that apart)."""
    try:
        import ensurepip  # noqa: F401, PLC0415
    except ImportError:
        return False
    return True


@dataclass(frozen=True)
class Program:
    """Something that no Python package brings."""

    name: str
    package: str
    purpose: str
    present: Callable[[], bool]
    indispensable: bool = False


_PYTHON_VENV = Program(
    "venv", "python3-venv", "keeps the lessons' Python packages apart", _venv_module, True
)
_DOT = Program("dot", "graphviz", "draws the pictures of layers", _command("dot"))
_ENGINE = [
    Program("unshare", "util-linux", "gives a container its view", _command("unshare"), True),
    Program("crun or runc", "crun", "starts containers", _command("crun", "runc"), True),
    Program("newuidmap", "uidmap", "gives containers several users", _command("newuidmap")),
]
_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_TESTS = [
    Program(
        "mount", "mount", "lets the reference Docker Engine see the machine", _command("mount")
    ),
    Program("crun", "crun", "one of the two runtimes under test", _command("crun")),
    Program("runc", "runc", "the other runtime under test", _command("runc")),
    Program(
        "mmdebstrap", "mmdebstrap", "makes the reference Docker Engine", _command("mmdebstrap")
    ),
    Program(
        "Debian's keys",
        "debian-archive-keyring",
        "prove that its packages are Debian's",
        _KEYS.exists,
    ),
    Program("chromium", "chromium", "opens the lessons as a reader does", _command("chromium")),
]


def wanted(kind: str, *, engine: str | None) -> list[Program]:
    """What `make lab` or `make test` needs; less if somebody's engine answers already."""
    if kind == "test":
        # Tests whose program is missing say so and are skipped.
        engine_parts = [replace(program, indispensable=False) for program in _ENGINE]
        return [_PYTHON_VENV, *engine_parts, _DOT, *_TESTS]
    if engine is not None:
        return [_PYTHON_VENV, _DOT]
    return [_PYTHON_VENV, *_ENGINE, _DOT]


def foreign_system(engine: str | None) -> str | None:
    """The sentence for a machine on which the embedded engine cannot run, if it is one."""
    system = platform.system()
    if system == "Linux" or engine is not None:
        return None
    if system == "Darwin":
        return (
            "Containers need Linux. On macOS, install Docker Desktop, Colima or Podman Desktop, "
            "start it, and run make again."
        )
    return (
        "Containers need Linux. On Windows, install Docker Desktop, or run 'wsl --install' and "
        "then make inside the Ubuntu that it gives you."
    )


def confined(*, engine: str | None, setting: Path = _APPARMOR) -> str | None:
    """The sentence for a system that keeps ordinary users out of user namespaces, if it is one.

    Ubuntu does since 23.10: a user namespace made by an unconfined program has no capabilities.
    """
    if engine is not None or os.geteuid() == 0 or not setting.exists():
        return None
    if setting.read_text().strip() != "1":
        return None
    return (
        "This system lets only programs that it knows make user namespaces, and the embedded "
        "engine needs one.\nEither use Podman, which it knows:  sudo apt-get install podman && "
        "systemctl --user enable --now podman.socket\nor lift the restriction until the next "
        f"start:  sudo sysctl kernel.{setting.name}=0"
    )


def _allowed(command: str, *, yes: bool) -> bool:
    """Whether we may install: root and --yes may, others are asked if there is someone to ask."""
    if os.geteuid() == 0 or yes:
        print(f"Installing them now: {command}")
        return True
    if not sys.stdin.isatty():
        print(f"To install them: {command}    (or run make again with YES=1)")
        return False
    try:
        answer = input(f"Install them now with {command}? [Y/n] ")
    except EOFError:
        return False
    return answer.strip().lower() in {"", "y", "yes"}


def _install_missing(missing: Sequence[Program], *, yes: bool) -> None:
    if not shutil.which("apt-get"):
        names = ", ".join(program.name for program in missing)
        print(f"Install them with this system's package manager, then run make again: {names}.")
        return
    packages = list(dict.fromkeys(program.package for program in missing))
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    if _allowed(" ".join([*sudo, "apt-get install", *packages]), yes=yes):
        install([name for name in packages if has_package(name)], sudo=sudo)


def _fetch_docker_command() -> bool:
    """Put Debian's `docker` command, and nothing else of Docker, into .venv/bin.

    Installing the package instead would bring and start a Docker Engine, as root, on machines
    whose owners asked for a lesson.
    """
    if _command("docker")():
        return True
    print(
        "docker, the command that the lessons type: unpacking it into .venv/bin (no sudo needed)."
    )
    for package in ("docker-cli", "docker.io"):
        if shutil.which("apt-get") and unpack(package, "usr/bin/docker", _VENV_BIN / "docker"):
            return True
    print("There is no docker command, and none could be fetched. Install Docker's CLI:")
    print("  https://docs.docker.com/engine/install/  (package docker-ce-cli; no engine is needed)")
    return False


def prepare(kind: str, *, yes: bool) -> int:
    """Name and install what is missing; the exit code is 1 if the lessons cannot do without."""
    engine = answering_engine()
    sentence = foreign_system(engine)
    if sentence is not None:
        print(sentence)
        return 1
    if kind == "lab" and (sentence := confined(engine=engine)):
        print(sentence)
    missing = [program for program in wanted(kind, engine=engine) if not program.present()]
    if missing:
        print("These system programs are missing:")
        for program in missing:
            print(f"  {program.name:<14}{program.purpose} (package {program.package})")
        _install_missing(missing, yes=yes)
    left = [program for program in missing if program.indispensable and not program.present()]
    for program in left:
        print(f"Cannot go on without {program.name}: install the package {program.package}.")
    return 1 if left else 0


def main() -> int:
    """Read the command line and prepare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["lab", "test", "docker"])
    parser.add_argument("--yes", action="store_true", default=os.environ.get("YES") == "1")
    options = parser.parse_args()
    if options.kind == "docker":
        return 0 if _fetch_docker_command() else 1
    try:
        return prepare(options.kind, yes=options.yes)
    except subprocess.CalledProcessError as error:
        print(f"'{' '.join(error.cmd)}' failed; run it by hand to see more, then make again.")
        return 1


if __name__ == "__main__":
    sys.exit(main())
