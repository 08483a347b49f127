"""Debian's and Ubuntu's packages, as far as setting up needs them (standard library only)."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path


def has_package(name: str) -> bool:
    """Whether this system's sources offer a package; the lists are fetched if there are none."""
    if _candidate(name):
        return True
    if os.geteuid() == 0 and not _lists_are_there():
        update(sudo=[])
        return _candidate(name)
    # Let apt-get itself say what is wrong, unless it is known to have other packages.
    return not _lists_are_there()


def _candidate(name: str) -> bool:
    command = ["apt-cache", "show", "--no-all-versions", name]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _lists_are_there() -> bool:
    return any(Path("/var/lib/apt/lists").glob("*_Packages*"))


def update(*, sudo: Sequence[str]) -> None:
    """Fetch the lists of packages."""
    subprocess.run([*sudo, "apt-get", "-qq", "update"], check=True)


def install(packages: Sequence[str], *, sudo: Sequence[str]) -> None:
    """Install packages, with fresh lists if the first try fails.

    Raises:
        subprocess.CalledProcessError: apt-get could not install them.

    """
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y"]
    command = [*sudo, *quiet, "install", "--no-install-recommends", *packages]
    first = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if first.returncode != 0:
        update(sudo=sudo)
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def unpack(package: str, member: str, target: Path) -> bool:
    """Copy one file out of a package that is not installed; False if there is no such file."""
    with tempfile.TemporaryDirectory(prefix="dockerlab-") as work:
        # Root's apt-get would fetch as the user _apt, who cannot write here.
        fetch = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package]
        subprocess.run(fetch, cwd=work, capture_output=True, check=False)
        for archive in Path(work).glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", archive, work], check=True)
        source = Path(work) / member
        if not source.is_file():
            return False
        shutil.copy(source, target)
        return True
