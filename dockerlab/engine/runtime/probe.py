"""Which of the programs works on this machine: found by running one container with each.

Whether crun, runc or proot can run here depends on the kernel, on how control groups are mounted,
on what the surrounding container forbids, and on the program's version. No list of conditions gets
that right, so the probe starts a real container with the mounts and namespaces that every container
gets. What it finds is remembered until the kernel, the program or the user changes.
"""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from dockerlab.engine import mount
from dockerlab.engine.errors import EngineError, Unavailable
from dockerlab.engine.runtime import cgroups
from dockerlab.engine.runtime.none import NoRuntime
from dockerlab.engine.runtime.oci import OciRuntime
from dockerlab.engine.runtime.process import become_subreaper, spawn
from dockerlab.engine.runtime.proot import ProotRuntime
from dockerlab.engine.runtime.runtime import Stdio

PROGRAMS = ("crun", "runc", "proot")
"""In the order of preference: crun starts a container in half the time that runc takes, and proot
needs no privilege but gives no isolation."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "auto": PROGRAMS,
    "oci": ("crun", "runc"),
    "proot": ("proot",),
    "none": (),
}
"""The programs that may be used, by the name of what the user asked for."""

_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
_FINDINGS = "probe.json"
_HOST_DIRECTORIES = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/usr", "/nix", "/gnu")


class Rejected(msgspec.Struct, frozen=True):
    """A program that is not used, and the reason, for ``dockerlab doctor``."""

    program: str
    reason: str


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What works here. ``program`` is its name and version, ``crun 1.8.1``; "" if none works."""

    key: str
    path: str = ""
    program: str = ""
    cure: str = ""
    rejected: tuple[Rejected, ...] = ()


AnyRuntime = OciRuntime | ProotRuntime | NoRuntime


async def open_runtime(
    state: Path, *, own_mounts: bool, programs: tuple[str, ...] = PROGRAMS
) -> AnyRuntime:
    """The runtime to use, which keeps its state below the directory ``state``.

    ``own_mounts`` says that this process has a mount namespace of its own, which crun and runc
    need; control groups may then be unmounted where crun cannot bear them, and this process
    becomes the parent of orphaned processes. Where any program would have done and none works, the
    runtime is one that starts nothing: images can be worked with all the same.

    Raises:
        Unavailable: none of the programs asked for works; the message says why, for each.

    """
    if own_mounts:
        become_subreaper()
    findings = await find(state, own_mounts=own_mounts, programs=programs)
    if not findings.program:
        reasons = "; ".join(f"{no.program}: {no.reason}" for no in findings.rejected)
        if programs in (PROGRAMS, ()):
            return NoRuntime(reasons=reasons or "as was asked for")
        raise Unavailable(f"no container runtime works here ({reasons})")
    return _runtime(findings.path, findings.program, state / "containers")


def recall(state: Path) -> Findings | None:
    """What was found when the runtime was last opened."""
    return _recall(state / _FINDINGS)


def _runtime(path: str, program: str, state: Path) -> OciRuntime | ProotRuntime:
    if program.startswith("proot"):
        return ProotRuntime(path, program=program, state=state)
    return OciRuntime(path, program=program, state=state)


async def find(state: Path, *, own_mounts: bool, programs: tuple[str, ...] = PROGRAMS) -> Findings:
    """Find the first program that works, or recall it if nothing has changed since."""
    _make(state)
    curable = own_mounts and cgroups.is_hybrid()
    key = f"{_key(programs, curable=curable)} {own_mounts}"
    known = _recall(state / _FINDINGS)
    if known is not None and known.key == key and known.program:
        if known.cure and curable:
            cgroups.cure_hybrid()
        return known
    rejected: list[Rejected] = []
    for program in programs:
        if program != "proot" and not own_mounts:
            rejected.append(Rejected(program, "no namespaces can be had here"))
            continue
        found = await _try(program, state, rejected, curable=curable)
        if found is not None:
            findings = Findings(
                key=key,
                path=found.path,
                program=found.program,
                cure=found.cure,
                rejected=tuple(rejected),
            )
            (state / _FINDINGS).write_bytes(msgspec.json.encode(findings))
            return findings
    return Findings(key=key, rejected=tuple(rejected))


async def _try(
    program: str, state: Path, rejected: list[Rejected], *, curable: bool
) -> Findings | None:
    path = shutil.which(program)
    if path is None:
        rejected.append(Rejected(program, "not installed"))
        return None
    version = await _version(path, state)
    name = f"{program} {version}".strip()
    reason, cure = await _run_once(path, name, state), ""
    if "cgroup" in reason and curable:
        cure = cgroups.cure_hybrid()
        reason = await _run_once(path, name, state) if cure else reason
    if reason:
        cgroups.undo_cure(cure)
        rejected.append(Rejected(name, reason))
        return None
    return Findings(key="", path=path, program=name, cure=cure)


async def _run_once(path: str, name: str, state: Path) -> str:
    """Run a container that does nothing; why it failed, or "" if it did not."""
    with tempfile.TemporaryDirectory(dir=state, prefix="probe-") as directory:
        bundle = Path(directory)
        _write_bundle(bundle)
        runtime = _runtime(path, name, bundle / "state")
        null = os.open(os.devnull, os.O_RDWR)
        try:
            process = await runtime.run("probe", bundle, stdio=Stdio(null, null, null))
            status = await process.wait()
            await runtime.delete("probe")
        except EngineError as error:
            return str(error).rpartition("create failed: ")[2]
        finally:
            os.close(null)
            runtime.close()
    return f"a container that does nothing ended with {status.code}" if status.code else ""


def sys_mount(*, own_network: bool) -> dict[str, object]:
    """The mount of /sys, read-only.

    The kernel lets a user namespace mount it anew only along with a network namespace of its own;
    otherwise the machine's is shown.
    """
    options = ["nosuid", "noexec", "nodev", "ro"]
    if mount.in_user_namespace() and not own_network:
        options.append("rbind")
        return {"destination": "/sys", "type": "bind", "source": "/sys", "options": options}
    return {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": options}


def _write_bundle(bundle: Path) -> None:
    binds = []
    for name in _HOST_DIRECTORIES:
        if Path(name).is_dir():
            binds.append({"destination": name, "source": name, "options": ["rbind", "ro"]})
    (bundle / "rootfs").mkdir()
    config = {
        "ociVersion": "1.0.0",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": [shutil.which("true") or "/bin/true"],
            "env": ["PATH=/usr/bin:/bin"],
            "cwd": "/",
        },
        "root": {"path": "rootfs"},
        "hostname": "probe",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
            {
                "destination": "/dev/pts",
                "type": "devpts",
                "source": "devpts",
                "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
            },
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue"},
            sys_mount(own_network=False),
            *({"type": "bind", **bind} for bind in binds),
        ],
        "linux": {
            "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")],
            "maskedPaths": ["/proc/kcore"],
            "readonlyPaths": ["/proc/sys"],
        },
    }
    (bundle / "config.json").write_bytes(msgspec.json.encode(config))


async def _version(path: str, state: Path) -> str:
    """The program's version: the first number of such a kind that ``--version`` prints."""
    with tempfile.TemporaryFile(dir=state) as output:
        null = os.open(os.devnull, os.O_RDWR)
        try:
            stdio = Stdio(null, output.fileno(), null)
            await spawn([path, "--version"], stdio=stdio, environment={}).wait()
        finally:
            os.close(null)
        output.seek(0)
        found = _VERSION.search(output.read().decode(errors="replace"))
    return found.group() if found else ""


def _key(programs: tuple[str, ...], *, curable: bool) -> str:
    """Changes when the kernel, a program, the user or what they are allowed changes."""
    parts = [os.uname().release, str(os.geteuid()), Path("/proc/self/uid_map").read_text()]
    parts.append(str(curable))
    for program in programs:
        path = shutil.which(program)
        stamp = Path(path).stat() if path else None
        parts.append(f"{path} {stamp.st_mtime_ns} {stamp.st_size}" if stamp else program)
    return " ".join(" ".join(parts).split())


def _make(state: Path) -> None:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)


def _recall(path: Path) -> Findings | None:
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=Findings)
    return None
