"""``config.json`` of a container (runtime-spec, config.md)."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from dockerlab.engine.containers import mounts
from dockerlab.engine.containers.machine import Machine
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.sharing import Joined
from dockerlab.engine.containers.spec.default_filesystems import default_filesystems
from dockerlab.engine.containers.spec.linux import linux
from dockerlab.engine.containers.spec.process import granted_capabilities, process
from dockerlab.engine.containers.users import User


def configuration(
    container: Container,
    user: User,
    *,
    root: Path,
    directory: Path,
    machine: Machine,
    resources: Mapping[str, object],
    joined: Joined,
) -> bytes:
    """``config.json`` of a container whose root file system is at ``root``.

    ``directory`` holds its hosts, hostname and resolv.conf; ``joined`` is what it has of others.

    Raises:
        SystemFailure: the user cannot exist here, or the machine lacks what was asked for.

    """
    spec, host = container.spec, container.spec.host
    document = {
        "ociVersion": "1.0.2",
        "process": process(container, user, machine=machine),
        "root": {"path": str(root), "readonly": host.readonly_rootfs},
        "mounts": [
            *default_filesystems(host, machine, directory=directory, memory=joined.memory),
            *mounts.runtime_mounts(spec.mounts),
            *(mounts.tmpfs(place, options) for place, options in (host.tmpfs or {}).items()),
        ],
        "linux": linux(
            container,
            granted_capabilities(host, machine),
            resources=resources,
            groups=machine.groups,
            joined=joined.namespaces,
        ),
    }
    if host.uts_mode != "host":
        document["hostname"] = spec.config.hostname
        if spec.config.domainname:
            document["domainname"] = spec.config.domainname
    return msgspec.json.encode(document)
