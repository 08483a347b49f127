"""A real registry on loopback, which the engines take for Docker Hub's mirror."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from urllib.parse import urlsplit

from tests.engines.images import Image
from tests.engines.others import OciImage
from tests.engines.programs import from_package
from tests.engines.serving import serving

_SETTINGS = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: false}}}}
storage:
  filesystem: {{rootdirectory: {storage}}}
  delete: {{enabled: true}}
http: {{addr: "{address}"}}
"""


@dataclass(frozen=True)
class Registry:
    """A running registry."""

    address: str
    """Host and port, as they stand in an image's name."""
    storage: Path = field(repr=False)
    log: Path = field(repr=False)

    @property
    def url(self) -> str:
        """Its address for an engine's list of mirrors."""
        return f"http://{self.address}"

    def push(self, image: Image | OciImage, repository: str, tag: str = "latest") -> str:
        """Store `image`, and return its manifest's digest.

        `repository` is what the registry calls it: Docker Hub's `busybox` is `library/busybox`.
        """
        for blob in image.blobs():
            self._push_blob(repository, blob.digest, blob.data)
        self._request(
            "PUT",
            f"/v2/{repository}/manifests/{tag}",
            body=image.manifest.data,
            headers={"Content-Type": image.manifest.media_type},
            expect=201,
        )
        return image.manifest.digest

    def push_for_platforms(
        self, images: Iterable[Image], repository: str, tag: str = "latest"
    ) -> None:
        """Store several images under one tag, each for its own architecture."""
        manifests = []
        for image in images:
            self.push(image, repository, f"{tag}-{image.architecture}")
            platform = {"architecture": image.architecture, "os": "linux"}
            manifests.append({**image.manifest.descriptor(), "platform": platform})
        kind = "application/vnd.docker.distribution.manifest.list.v2+json"
        document = {"schemaVersion": 2, "mediaType": kind, "manifests": manifests}
        self._request(
            "PUT",
            f"/v2/{repository}/manifests/{tag}",
            body=json.dumps(document).encode(),
            headers={"Content-Type": kind},
            expect=201,
        )

    def _push_blob(self, repository: str, digest: str, data: bytes) -> None:
        if self._request("HEAD", f"/v2/{repository}/blobs/{digest}").status == 200:
            return
        upload = self._request("POST", f"/v2/{repository}/blobs/uploads/", expect=202)
        target = urlsplit(upload.headers["Location"])
        self._request(
            "PUT",
            f"{target.path}?{target.query}&digest={digest}",
            body=data,
            headers={"Content-Type": "application/octet-stream"},
            expect=201,
        )

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        expect: int | None = None,
    ) -> HTTPResponse:
        connection = HTTPConnection(self.address, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if expect is not None and answer.status != expect:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return answer


@contextmanager
def running_registry(state: Path) -> Iterator[Registry]:
    """A registry with its blobs under `state`, on a free port of 127.0.0.1."""
    program = from_package("docker-registry", "usr/bin/docker-registry")
    registry = Registry(f"127.0.0.1:{free_port()}", state / "storage", state / "registry.log")
    settings = state / "registry.yml"
    settings.write_text(_SETTINGS.format(storage=registry.storage, address=registry.address))
    command: list[str | Path] = ["setpriv", "--pdeathsig", "TERM", program, "serve", settings]
    with serving(command, ready=lambda: answering(registry.address), log=registry.log, seconds=30):
        yield registry


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now."""
    with socket(AF_INET, SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def answering(address: str) -> bool:
    """Whether a registry says that it is one."""
    connection = HTTPConnection(address, timeout=2)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
