"""An engine's address as `DOCKER_HOST` has it, with the certificates that go with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dockerlab.errors import AddressUnusable


@dataclass(frozen=True)
class Address:
    """Where an engine listens.

    `url` is `unix:///path`, `tcp://host:port`, `http(s)://host:port` or `ssh://…`; `certificates`
    is a folder with `ca.pem`, `cert.pem` and `key.pem`; `verify` is whether the engine must show a
    certificate that `ca.pem` signed.
    """

    url: str
    certificates: Path | None = None
    verify: bool = True
    tls: bool = False

    def __str__(self) -> str:
        return self.url

    @property
    def socket(self) -> Path | None:
        """The path of a unix socket, or None for any other kind of address."""
        return Path(self.url.removeprefix("unix://")) if self.url.startswith("unix://") else None

    @property
    def host_and_port(self) -> tuple[str, int]:
        """The host and port of a TCP address; 2375, or 2376 with TLS, unless it names one.

        Raises:
            AddressUnusable: the address is of another kind, or malformed.

        """
        parts = urlsplit(self.url)
        try:
            port = parts.port or (2376 if self.tls else 2375)
        except ValueError as error:
            raise AddressUnusable(address=self.url) from error
        if parts.scheme == "ssh":
            raise AddressUnusable("connection.ssh", address=self.url)
        if parts.scheme not in ("tcp", "http", "https") or not parts.hostname:
            raise AddressUnusable(address=self.url)
        return parts.hostname, port

    def environment(self) -> dict[str, str | None]:
        """Return the variables that lead the docker CLI and the SDK here; None: to be unset.

        >>> Address("unix:///run/docker.sock").environment()["DOCKER_HOST"]
        'unix:///run/docker.sock'
        """
        return {
            "DOCKER_HOST": self.url,
            "DOCKER_CERT_PATH": str(self.certificates) if self.certificates else None,
            "DOCKER_TLS_VERIFY": "1" if self.tls and self.verify else None,
            "DOCKER_TLS": "1" if self.tls else None,
        }


def from_environment(environ: Mapping[str, str], *, home: Path) -> Address | None:
    """Return the address that `DOCKER_HOST` and its companions name, or None.

    As the docker CLI reads them: any value of `DOCKER_TLS_VERIFY` asks for verified TLS, any of
    `DOCKER_TLS` for TLS, and certificates are in `DOCKER_CERT_PATH`, else in `~/.docker`.
    """
    url = environ.get("DOCKER_HOST", "").strip()
    if not url:
        return None
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    tls = not url.startswith("unix:") and (verify or bool(environ.get("DOCKER_TLS")))
    tls = tls or url.startswith("https:")
    folder = Path(
        environ.get("DOCKER_CERT_PATH") or environ.get("DOCKER_CONFIG") or home / ".docker"
    )
    return Address(url, certificates=folder if tls else None, verify=verify, tls=tls)
