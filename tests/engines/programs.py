"""The system programs that tests need: found, fetched into the cache, or named as missing."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest


def cache_directory() -> Path:
    """Where things that are costly to make stay between sessions (`make clean` removes it)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    directory = Path(base) / "dockerlab-tests"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def unavailable(reason: str) -> NoReturn:
    """Skip the test on a person's machine; fail it in CI, where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (in CI this is a failure)", pytrace=False)
    pytest.skip(reason)


def need(program: str, *, package: str) -> Path:
    """The path of a program, or the test is skipped with the name of the package to install."""
    # sbin, because an ordinary user's PATH on Debian lacks it and runc lives there.
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        unavailable(f"{program} is not installed: sudo apt-get install {package}")
    return Path(found)


def need_root() -> None:
    """Skip, or fail in CI, unless the tests run as root."""
    if os.geteuid() != 0:
        unavailable("needs root: sudo make test")


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Hold a lock beside `directory`, so that two test sessions do not make it at once."""
    with directory.with_name(f".{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def from_package(package: str, member: str) -> Path:
    """A file of a Debian package, unpacked into the cache instead of installed.

    Installing docker-registry would start a service on the machine of whoever runs the tests.
    """
    directory = cache_directory() / package
    with only_one(directory):
        if not directory.exists():
            _unpack_package(package, directory)
    return directory / member


def _unpack_package(package: str, directory: Path) -> None:
    need("apt-get", package="apt")
    with tempfile.TemporaryDirectory(dir=directory.parent) as work:
        # Root's apt-get would fetch as the user _apt, who cannot write here.
        fetch = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package]
        fetched = subprocess.run(fetch, cwd=work, capture_output=True, text=True, check=False)
        archives = list(Path(work).glob("*.deb"))
        if fetched.returncode != 0 or not archives:
            unavailable(f"{package} could not be fetched: {fetched.stderr.strip()}")
        unpacked = Path(work) / "unpacked"
        subprocess.run(["dpkg-deb", "--extract", archives[0], unpacked], check=True)
        unpacked.rename(directory)
