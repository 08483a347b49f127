"""Which proxy a request goes through, as the environment says."""

import ipaddress
from collections.abc import Mapping

from dockerlab.engine.distribution.endpoint import is_loopback, origin


class Proxies:
    """HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in capitals or not.

    NO_PROXY lists hosts, domains (with all below them), addresses, networks (10.0.0.0/8), each
    with or without a port, or ``*``. Loopback is never asked for through a proxy, as in Docker.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        def variable(name: str) -> str:
            return environ.get(name, "") or environ.get(name.lower(), "")

        self._by_scheme = {"http": variable("HTTP_PROXY"), "https": variable("HTTPS_PROXY")}
        self._direct = [entry.strip().lower() for entry in variable("NO_PROXY").split(",")]

    def proxy_for(self, url: str) -> str | None:
        """The URL of the proxy for ``url``, or None for a direct connection.

        >>> Proxies({"HTTPS_PROXY": "http://proxy:3128"}).proxy_for("https://quay.io/v2/")
        'http://proxy:3128'
        """
        scheme, host, port = origin(url)
        proxy = self._by_scheme.get(scheme, "")
        if not proxy or is_loopback(host):
            return None
        if any(_matches(entry, host, port) for entry in self._direct if entry):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit():
        if int(number) != port:
            return False
        entry = name
    entry = entry.removeprefix("*").strip("[]")
    return host == entry.removeprefix(".") or host.endswith("." + entry.removeprefix("."))
