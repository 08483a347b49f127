"""Names of images, written out in full."""

from __future__ import annotations

DOCKER_HUB = "docker.io"
OFFICIAL = "library"
LATEST = "latest"


def full_name(name: str) -> str:
    """Return `name` with everything that Docker assumes where nothing is written.

    The rules are those of the `distribution/reference` grammar: the part before the first slash is
    a registry if it has a dot or a colon or is `localhost`; a bare name is one of Docker Hub's
    official images; no tag and no digest mean the tag `latest`.

    >>> full_name("centos")
    'docker.io/library/centos:latest'
    >>> full_name("grafana/grafana:12.0.0")
    'docker.io/grafana/grafana:12.0.0'
    >>> full_name("localhost:5000/app")
    'localhost:5000/app:latest'
    """
    host, path = split_registry(name)
    if host == DOCKER_HUB and "/" not in path:
        path = f"{OFFICIAL}/{path}"
    has_version = "@" in path or ":" in path.rpartition("/")[2]
    return f"{host}/{path}" if has_version else f"{host}/{path}:{LATEST}"


def familiar_name(name: str) -> str:
    """Return `name` as Docker shows it: without what it assumes anyway, but with its tag.

    >>> familiar_name("docker.io/library/centos:latest")
    'centos:latest'
    """
    return name.removeprefix(f"{DOCKER_HUB}/").removeprefix(f"{OFFICIAL}/")


def split_registry(name: str) -> tuple[str, str]:
    """Return the registry that `name` means, and the rest.

    >>> split_registry("hello-world"), split_registry("quay.io/centos/centos:stream9")
    (('docker.io', 'hello-world'), ('quay.io', 'centos/centos:stream9'))
    """
    first, slash, rest = name.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return (first, rest) if is_host else (DOCKER_HUB, name)
