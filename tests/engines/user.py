"""An ordinary user, for what must work without root."""

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.engines.programs import unavailable

NAME = "dockerlab-test"
_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class OrdinaryUser:
    """Somebody who is not root, and a Python of theirs that can import dockerlab."""

    account: pwd.struct_passwd
    python: Path
    environment: Mapping[str, str] = field(repr=False)

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs `arguments` as this user (nothing to do if we are they)."""
        if os.geteuid() == self.account.pw_uid:
            return list(arguments)
        become = ["setpriv", "--reuid", self.account.pw_name, "--regid", str(self.account.pw_gid)]
        # setpriv executes its command while it still may read all of root's files; what env
        # executes in turn gets no further than the user would.
        return [*become, "--init-groups", "env", *arguments]


def ordinary_user(home: Path) -> OrdinaryUser:
    """Whoever runs the tests, or, if that is root, the user made for it; `home` is theirs to fill.

    The test is skipped where there is no such user, or no Python that they can run.
    """
    account = _account()
    if os.geteuid() == 0:
        os.chown(home, account.pw_uid, account.pw_gid)
    home.chmod(0o700)
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.chown(runtime, account.pw_uid, account.pw_gid)
    bare = OrdinaryUser(account, Path(sys.executable), {})
    environment = {
        "HOME": str(home),
        "USER": account.pw_name,
        "XDG_RUNTIME_DIR": str(runtime),
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": ":".join(_import_path(bare, home)),
    }
    return OrdinaryUser(account, _python(bare, environment), environment)


def _account() -> pwd.struct_passwd:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        unavailable(f"there is no ordinary user to test with: sudo useradd --create-home {NAME}")


def _import_path(user: OrdinaryUser, home: Path) -> list[str]:
    """Where they find dockerlab and what it needs; copied if it lies where they cannot read."""
    packages = Path(sysconfig.get_path("purelib"))
    if _can(user, "test", "-r", str(packages / "aiohttp/__init__.py")):
        return [str(_REPOSITORY), str(packages)]
    copy = home / "python"
    shutil.copytree(_REPOSITORY / "dockerlab", copy / "dockerlab")
    shutil.copytree(packages, copy, symlinks=True, dirs_exist_ok=True)
    return [str(copy)]


def _python(user: OrdinaryUser, environment: Mapping[str, str]) -> Path:
    """A Python of our minor version that this user may run: a virtual one may link into /root."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", "/usr/bin/python3"):
        # aiohttp and msgspec hold compiled parts, which belong to one minor version.
        probe = f"import sys, aiohttp, msgspec; sys.exit('{version[6:]}.' not in sys.version)"
        if _can(user, python, "-c", probe, environment=environment):
            return Path(python)
    unavailable(f"{user.account.pw_name} cannot run {version}: sudo apt-get install {version}")


def _can(user: OrdinaryUser, *command: str, environment: Mapping[str, str] | None = None) -> bool:
    tried = subprocess.run(
        user.command(*command), env=environment, cwd="/", capture_output=True, check=False
    )
    return tried.returncode == 0
