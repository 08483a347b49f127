"""The three files that Docker gives to every container: hosts, hostname and resolv.conf.

They are kept beside the container and mounted into it, so that an image's own stay as they are.
"""

from pathlib import Path

from dockerlab.engine.containers.config import ContainerConfig, HostConfig

FILES = ("resolv.conf", "hostname", "hosts")

_LOCAL = """\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""


def write(
    directory: Path, config: ContainerConfig, host: HostConfig, *, etc: Path = Path("/etc")
) -> None:
    """Write the files into ``directory``, from those of the machine in ``etc``."""
    (directory / "hostname").write_text(f"{config.hostname}\n")
    (directory / "hosts").write_text(_hosts(config, host, etc))
    (directory / "resolv.conf").write_text(_resolv(host, etc))
    for name in FILES:
        (directory / name).chmod(0o644)


def copy(source: Path, target: Path) -> None:
    """Take the files of another container, whose network is shared."""
    for name in FILES:
        (target / name).write_bytes((source / name).read_bytes())


def _hosts(config: ContainerConfig, host: HostConfig, etc: Path) -> str:
    if host.network_mode == "host":
        lines = _read(etc / "hosts")
    elif host.network_mode == "none":
        lines = _LOCAL
    else:  # the machine's network, under the container's own name
        lines = f"{_LOCAL}127.0.1.1\t{config.hostname}\n"
    for extra in host.extra_hosts or ():
        name, _, address = extra.partition(":")
        lines += f"{'127.0.0.1' if address == 'host-gateway' else address}\t{name}\n"
    return lines


def _resolv(host: HostConfig, etc: Path) -> str:
    lines = _read(etc / "resolv.conf").splitlines()
    if host.dns:
        lines = [line for line in lines if not line.startswith("nameserver")]
        lines += [f"nameserver {address}" for address in host.dns]
    if host.dns_search:
        lines = [line for line in lines if not line.startswith(("search", "domain"))]
        lines.append(f"search {' '.join(host.dns_search)}")
    if host.dns_options:
        lines = [line for line in lines if not line.startswith("options")]
        lines.append(f"options {' '.join(host.dns_options)}")
    return "".join(f"{line}\n" for line in lines)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
