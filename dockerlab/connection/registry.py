"""Whether a registry answers: the difference between a pull that works and a stand-in."""

import http.client
import os
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Thread
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

DOCKER_HUB = "https://registry-1.docker.io"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
TIMEOUT = 2.0
"""Seconds. A registry that needs longer to say hello makes a poor lesson anyway."""


@dataclass(frozen=True)
class RegistryAnswer:
    """Whether the registry at `url` answered, in how many seconds, and if not, why."""

    url: str
    answers: bool
    reason: str = ""
    seconds: float = 0.0


def registry_urls(
    mirrors: Iterable[str] = (), *, environ: Mapping[str, str] = os.environ
) -> list[str]:
    """Return where Docker Hub's images may be had, in the order of trying.

    The engine's own mirrors, `DOCKERLAB_REGISTRY_MIRRORS` (separated by commas or blanks), Hub.

    >>> registry_urls(environ={"DOCKERLAB_REGISTRY_MIRRORS": "mirror.example, http://[::1]:5000/"})
    ['https://mirror.example', 'http://[::1]:5000', 'https://registry-1.docker.io']
    """
    return list(dict.fromkeys([*mirrors, *named_mirrors(environ), DOCKER_HUB]))


def named_mirrors(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the mirrors that `DOCKERLAB_REGISTRY_MIRRORS` names, as URLs."""
    named = environ.get("DOCKERLAB_REGISTRY_MIRRORS", "").replace(",", " ").split()
    return [(url if "://" in url else f"https://{url}").rstrip("/") for url in named]


def ask_registries(urls: Iterable[str], *, timeout: float = TIMEOUT) -> list[RegistryAnswer]:
    """Ask all registries at once and return their answers in the order of `urls`."""
    addresses = list(urls)
    answers: dict[str, RegistryAnswer] = {}

    def ask(url: str) -> None:
        answers[url] = ask_registry(url, timeout=timeout)

    # Not a pool: name resolution knows no time-out, and a pool is waited for when Python ends.
    threads = [Thread(target=ask, args=(url,), daemon=True) for url in addresses]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + timeout + 0.5
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = "timed out"
    return [
        answers.get(url) or RegistryAnswer(url, answers=False, reason=late) for url in addresses
    ]


def ask_registry(url: str, *, timeout: float = TIMEOUT) -> RegistryAnswer:
    """Ask for `/v2/` (OCI distribution, "Determining Support"): 200 and 401 both mean yes."""
    begun = time.monotonic()
    try:
        connection = _connection(url, timeout)
        try:
            connection.request("GET", "/v2/")
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return RegistryAnswer(
            url, answers=False, reason=getattr(error, "strerror", None) or str(error)
        )
    answers = status in (http.client.OK, http.client.UNAUTHORIZED)
    seconds = time.monotonic() - begun
    return RegistryAnswer(url, answers, "" if answers else f"HTTP {status}", seconds)


def _connection(url: str, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    # Loopback is never asked through a proxy, as in Go, whose rules the engines follow.
    direct = host in _LOOPBACK or proxy_bypass(host)
    proxy = None if direct else getproxies().get(parts.scheme)
    if proxy is None:
        return _plain_or_tls(host, parts.port, timeout, secure=secure)
    via = urlsplit(proxy)
    connection = _plain_or_tls(via.hostname or "", via.port, timeout, secure=secure)
    connection.set_tunnel(host, parts.port or (443 if secure else 80))
    return connection


def _plain_or_tls(
    host: str, port: int | None, timeout: float, *, secure: bool
) -> http.client.HTTPConnection:
    if secure:
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    return http.client.HTTPConnection(host, port, timeout=timeout)
