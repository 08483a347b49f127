"""What is Linux's own in a container's configuration (runtime-spec, config-linux.md)."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.spec import seccomp
from dockerlab.engine.containers.spec.namespaces import namespaces
from dockerlab.engine.errors import SystemFailure


def linux(
    container: Container,
    granted: Sequence[str],
    *,
    resources: Mapping[str, object],
    groups: str,
    joined: Mapping[str, str],
) -> dict[str, object]:
    """The section ``linux`` for a container with the capabilities that it is ``granted``.

    The namespaces that are ``joined`` are there already; ``groups`` is where control groups are.

    Raises:
        SystemFailure: a device that is to be in it is none, or not there.

    """
    host = container.spec.host
    found: dict[str, object] = {
        "namespaces": namespaces(host, joined),
        "sysctl": dict(host.sysctls or {}),
        "maskedPaths": list(host.masked_paths or ()),
        "readonlyPaths": list(host.readonly_paths or ()),
        "devices": [_device(device) for device in host.devices or ()],
    }
    unconfined = {"seccomp=unconfined", "seccomp:unconfined"} & set(host.security_opt or ())
    if not host.privileged and not unconfined:
        found["seccomp"] = seccomp.profile(granted)
    if resources:
        found["cgroupsPath"] = f"{groups}/dockerlab/{container.id}"
        found["resources"] = dict(resources)
    return found


def _device(device: Mapping[str, object]) -> dict[str, object]:
    path = Path(str(device.get("PathOnHost", "")))
    try:
        status = path.stat()
    except OSError:
        raise SystemFailure(
            f'error gathering device information while adding custom device "{path}":'
            " no such file or directory"
        ) from None
    if not (path.is_char_device() or path.is_block_device()):
        raise SystemFailure(
            "error gathering device information while adding custom device "
            f'"{path}": not a device node'
        )
    return {
        "path": str(device.get("PathInContainer") or path),
        "type": "c" if path.is_char_device() else "b",
        "major": os.major(status.st_rdev),
        "minor": os.minor(status.st_rdev),
        "fileMode": status.st_mode & 0o777,
        "uid": 0,
        "gid": 0,
    }
