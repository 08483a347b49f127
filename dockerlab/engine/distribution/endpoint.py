"""Where a registry is, and whether it may be spoken to without TLS."""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

DOCKER_HUB = "docker.io"
_DOCKER_HUB_HOST = "registry-1.docker.io"


@dataclass(frozen=True)
class Endpoint:
    """One server that speaks the OCI distribution specification.

    ``url`` has a scheme and a host, and no slash at its end; ``mirror`` says that it answers in
    another registry's place.
    """

    url: str
    mirror: bool = False


def is_loopback(host: str) -> bool:
    """Whether ``host``, without its port, is this machine; names are not looked up.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("example.org")
    (True, True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL: who it is that credentials may be shown to."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port


def registry_endpoint(domain: str, *, insecure: Collection[str] = ()) -> Endpoint:
    """The endpoint of a registry as it stands in an image's name.

    Plain HTTP is used on loopback, and for the hosts that the user named as insecure.

    >>> registry_endpoint("docker.io").url, registry_endpoint("localhost:5000").url
    ('https://registry-1.docker.io', 'http://localhost:5000')
    """
    if domain == DOCKER_HUB:
        return Endpoint(f"https://{_DOCKER_HUB_HOST}")
    host = urlsplit(f"//{domain}").hostname or domain
    plain = is_loopback(host) or domain in insecure or host in insecure
    return Endpoint(f"{'http' if plain else 'https'}://{domain}")


def mirror_endpoint(mirror: str) -> Endpoint:
    """The endpoint of a mirror, given as a URL or as a host.

    >>> mirror_endpoint("mirror.example.org/").url, mirror_endpoint("127.0.0.1:5000").url
    ('https://mirror.example.org', 'http://127.0.0.1:5000')
    """
    if "://" in mirror:
        return Endpoint(mirror.rstrip("/"), mirror=True)
    return Endpoint(registry_endpoint(mirror.rstrip("/")).url, mirror=True)
