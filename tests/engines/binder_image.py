"""The image that Binder would build, made by the same steps in a place without conda.

`binder/apt.txt` is installed by apt into a Debian root file system, the locked Python packages by
pip, and `binder/postBuild` is carried out as user 1000 in a container of the reference engine, with
the test registry as the mirror of Docker Hub. What differs from Binder: Debian 12 and its Python in
place of Ubuntu and conda's, `dot` from Debian, and the `docker` command from the reference engine.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

from tests.engines.engine import Engine
from tests.engines.programs import cache_directory, need, need_root, only_one
from tests.engines.reference import docker_root
from tests.engines.registry import Registry

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGE = "dockerlab-binder"
HOME = "/home/jovyan"
_BASE = "dockerlab-binder-base"
_ENVIRONMENT = "/srv/notebook"
_PYTHON = "3.11"  # of Debian 12
_LOCKS = REPOSITORY / "requirements"
_FOR_TESTS = {
    *("nbval", "pytest", "coverage", "iniconfig"),  # environment.yml has nbval, which needs these
    *("hypothesis", "pytest-asyncio", "pytest-timeout", "sortedcontainers"),
}
"""With these the lessons' outputs are compared, and the suites are run, in there."""
_FROM_CONDA = ("python3", "python3-venv", "graphviz", "ca-certificates", "libstdc++6")
"""What the base image and conda bring on Binder."""
_HOOKS = (
    'echo jovyan:x:1000:1000::/home/jovyan:/bin/bash >> "$1/etc/passwd"',
    'install --directory --owner=1000 --group=1000 "$1/home/jovyan"',
    'mkdir "$1/srv/wheels" && cp {wheels}/* "$1/srv/wheels"',
    f'chroot "$1" python3 -m venv {_ENVIRONMENT}',
    f'chroot "$1" {_ENVIRONMENT}/bin/pip install --quiet --no-index --no-deps '
    "--no-compile --find-links /srv/wheels --require-hashes --requirement /srv/wheels/lock.txt",
    # mmdebstrap sets back the times of new files, and Python would take what was compiled from them
    # for out of date, and compile everything anew in each session. Some are for other Pythons.
    f'chroot "$1" {_ENVIRONMENT}/bin/python -m compileall -q '
    f"--invalidation-mode=unchecked-hash {_ENVIRONMENT}/lib || true",
    f'rm -r "$1/srv/wheels" && chown -R 1000:1000 "$1{_ENVIRONMENT}"',
)
_PARTS = ("dockerlab", "notebooks", "binder", "tests", "pyproject.toml", "README.md", "LICENSE")
_OF_THE_BUILD = ("DOCKERLAB_REGISTRY_MIRRORS", "PIP_NO_BUILD_ISOLATION")
_VARIABLES = (
    f"--env=HOME={HOME}",
    "--env=LANG=C.UTF-8",
    f"--env=PATH={_ENVIRONMENT}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
)


def build(docker: Engine, registry: Registry, *, name: str = IMAGE) -> str:
    """Build the image on the engine, and return what `postBuild` said."""
    with _root_archive().open("rb") as archive:
        subprocess.run(
            ["docker", "import", "-", _BASE],
            env=dict(docker.environment),
            stdin=archive,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    builder = f"{name}-building"
    options = [*_VARIABLES, f"--workdir={HOME}", "--user=1000:1000"]
    options += [
        "--security-opt=no-new-privileges",
        "--cap-drop=ALL",
        "--network=host",  # as a build has; and the registry is on this machine's loopback
        f"--env=DOCKERLAB_REGISTRY_MIRRORS={registry.url}",
        # What builds the project is installed: pip need not fetch it. (pip reads this as "no
        # isolation", whatever the name seems to say.)
        "--env=PIP_NO_BUILD_ISOLATION=0",
    ]
    try:
        _done(docker, "create", f"--name={builder}", *options, _BASE, "binder/postBuild")
        _done(docker, "cp", "--archive", "-", f"{builder}:{HOME}", stdin=_repository())
        _done(docker, "cp", f"{docker_root()}/usr/bin/docker", f"{builder}:/usr/local/bin/docker")
        built = _done(docker, "start", "--attach", builder, timeout=300)
        # What a session must not inherit from the build.
        unset = [f"--change=ENV {each}=" for each in _OF_THE_BUILD]
        _done(docker, "commit", *unset, builder, name)
    finally:
        docker.docker("rm", "--force", builder)
    return built


def _done(docker: Engine, *arguments: str, stdin: bytes | None = None, timeout: float = 120) -> str:
    ran = docker.docker(*arguments, stdin=stdin, timeout=timeout)
    said = (ran.stdout + ran.stderr).decode(errors="replace")
    assert ran.returncode == 0, said[-4000:]
    return said


def _repository() -> bytes:
    """The repository as user 1000's, as a tar."""
    command = ["tar", "--create", "--owner=1000", "--group=1000", "--exclude=__pycache__", *_PARTS]
    return subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True).stdout


def _root_archive() -> Path:
    """The root file system as a tar, made in two minutes when apt.txt or the lock has changed."""
    need_root()
    need("mmdebstrap", package="mmdebstrap")
    recipe = hashlib.sha256(f"{_packages()} {_HOOKS} {_locked()}".encode())
    archive = cache_directory() / f"binder-root-{recipe.hexdigest()[:8]}.tar"
    with only_one(archive), tempfile.TemporaryDirectory() as wheels:
        if not archive.exists():
            _make(archive, Path(wheels))
    return archive


def _packages() -> list[str]:
    apt = re.findall(r"^[a-z0-9.+-]+", (REPOSITORY / "binder/apt.txt").read_text(), re.MULTILINE)
    return sorted({*apt, *_FROM_CONDA})


def _locked() -> str:
    """What is installed, as a lock for this Python."""
    tests = _blocks(_LOCKS / "dev.txt")
    return "\n".join(
        [*_blocks(_LOCKS / "lab.txt").values(), *(tests[name] for name in sorted(_FOR_TESTS))]
    )


def _blocks(lock: Path) -> dict[str, str]:
    """The lock by package, without what is for other Pythons.

    Debian's is older than most people's 3.11.
    """
    environment = {"python_full_version": f"{_PYTHON}.2", "python_version": _PYTHON}
    chosen = {}
    for block in re.split(r"\n(?=[a-z0-9])", lock.read_text()):
        line = block.partition("\\")[0]
        if "==" not in line or line.startswith("#"):
            continue
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            # Without the marker: pip would ask it of the Python that downloads.
            chosen[requirement.name] = re.sub(r" ; [^\\]*\\", r" \\", block, count=1)
    return chosen


def _make(archive: Path, wheels: Path) -> None:
    lock = wheels / "lock.txt"
    lock.write_text(_locked())
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--no-deps"]
    fetch += [f"--python-version={_PYTHON}", "--require-hashes", f"--requirement={lock}"]
    subprocess.run([*fetch, f"--dest={wheels}"], check=True)
    part = archive.with_suffix(".part.tar")
    command = ["mmdebstrap", "--quiet", "--variant=essential", f"--include={','.join(_packages())}"]
    command += [f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in ("doc", "man", "locale")]
    command += [f"--customize-hook={each.format(wheels=wheels)}" for each in _HOOKS]
    subprocess.run([*command, "bookworm", part], check=True)
    part.rename(archive)
