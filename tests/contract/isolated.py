"""Run a suite where it may mount: in a mount namespace of its own, with several kinds of rights.

What such a suite mounts is gone with its process, however that ends.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.engines.programs import need, need_root
from tests.engines.user import OrdinaryUser, ordinary_user

_REPOSITORY = Path(__file__).resolve().parents[2]
_ROOTLESS = ["--user", "--map-root-user", "--mount"]
RIGHTS = ["root", "user", "user-with-subuids", "no-namespace"]
"""As the engine may find itself; ``no-namespace`` is an ordinary user who cannot mount at all."""


def run_isolated(suite: Path, rights: str, *, select: str = "") -> None:
    """Run the tests of ``suite`` with these rights, and fail with their output if one fails."""
    need("unshare", package="util-linux")
    # Not pytest's own: root's is closed to the ordinary user.
    with tempfile.TemporaryDirectory(prefix="dockerlab-", ignore_cleanup_errors=True) as directory:
        _isolated(suite, rights, Path(directory), select)


def _isolated(suite: Path, rights: str, directory: Path, select: str) -> None:
    if rights == "root":
        need_root()
        command = ["unshare", "--mount", "--propagation", "private", sys.executable]
        _run(command, suite, directory, select, dict(os.environ))
        return
    user = ordinary_user(directory)
    namespace = {
        "user": ["unshare", *_ROOTLESS],
        "user-with-subuids": ["unshare", "--map-auto", *_ROOTLESS],
        "no-namespace": [],
    }[rights]
    if rights == "user-with-subuids":
        need("newuidmap", package="uidmap")
    command = user.command(*namespace, str(user.python))
    _run(command, _readable(suite, user, directory), directory, select, dict(user.environment))


def _readable(suite: Path, user: OrdinaryUser, directory: Path) -> Path:
    """The suite, or a copy of it where the user may read it."""
    looked = subprocess.run(user.command("test", "-r", str(suite)), cwd="/", check=False)
    if looked.returncode == 0:
        return suite
    copy = directory / "project"
    for name in ("tests", "dockerlab"):
        shutil.copytree(_REPOSITORY / name, copy / name)
    shutil.copy(_REPOSITORY / "pyproject.toml", copy)
    return copy / suite.relative_to(_REPOSITORY)


def _run(
    command: list[str], suite: Path, directory: Path, select: str, environment: dict[str, str]
) -> None:
    pytest = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(suite), "-k", select]
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    ran = subprocess.run(
        [*command, *pytest, f"--basetemp={directory / 'tmp'}"],
        cwd=suite.parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
