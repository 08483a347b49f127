"""What a registry keeps: blobs by digest in a folder, manifests and tags by repository."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class NotStored(LookupError):
    """There is no such blob, manifest or upload."""


class DigestWrong(ValueError):
    """The bytes have another digest than the one that came with them."""


@dataclass(frozen=True)
class Manifest:
    """A manifest, byte for byte as it was pushed: its digest is the digest of these bytes."""

    data: bytes
    media_type: str

    @property
    def digest(self) -> str:
        """`sha256:…` of the bytes."""
        return digest_of(self.data)


def digest_of(data: bytes) -> str:
    """Return the digest of some bytes, in the form of image-spec, descriptor.md, "Digests".

    >>> digest_of(b"")
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def is_digest(reference: str) -> bool:
    """Return whether a reference is a digest, and not a tag.

    >>> is_digest("latest"), is_digest("sha256:" + "0" * 64)
    (False, True)
    """
    return _DIGEST.fullmatch(reference) is not None


class Upload:
    """A blob that is being pushed, hashed as it comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        self._file: BinaryIO = path.open("wb")

    def write(self, piece: bytes) -> None:
        """Add the next bytes."""
        self._file.write(piece)
        self._hash.update(piece)
        self.size += len(piece)

    @property
    def digest(self) -> str:
        """The digest of what has come so far."""
        return f"sha256:{self._hash.hexdigest()}"

    def close(self) -> None:
        """End the writing."""
        self._file.close()


@dataclass
class Repository:
    """The manifests of one name, by digest, and its tags: movable pointers to a digest."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def find(self, reference: str) -> Manifest:
        """Return the manifest that a tag or a digest names.

        Raises:
            NotStored: it names none.

        """
        digest = reference if is_digest(reference) else self.tags.get(reference, "")
        if digest not in self.manifests:
            raise NotStored(reference)
        return self.manifests[digest]

    def put(self, reference: str, manifest: Manifest) -> None:
        """Keep a manifest under its digest, and put the tag on it, if `reference` is one.

        Raises:
            DigestWrong: `reference` is the digest of other bytes.

        """
        if is_digest(reference):
            if reference != manifest.digest:
                raise DigestWrong(reference)
        else:
            self.tags[reference] = manifest.digest
        self.manifests[manifest.digest] = manifest

    def remove(self, reference: str) -> None:
        """Forget a tag, or a manifest with all its tags.

        Raises:
            NotStored: there is neither.

        """
        if self.tags.pop(reference, None) is not None:
            return
        self.find(reference)
        del self.manifests[reference]
        self.tags = {tag: digest for tag, digest in self.tags.items() if digest != reference}


class Storage:
    """Everything that a registry has; blobs are shared by all repositories."""

    def __init__(self, folder: Path) -> None:
        self.repositories: dict[str, Repository] = defaultdict(Repository)
        self.uploads: dict[str, Upload] = {}
        self._blobs = folder / "blobs"
        self._incoming = folder / "uploads"
        for each in (self._blobs, self._incoming):
            each.mkdir(parents=True)

    def blob(self, digest: str) -> Path:
        """Return where a blob is.

        Raises:
            NotStored: it is not here.

        """
        # The pattern keeps a made-up digest from leading out of the folder.
        path = self._blobs / digest.removeprefix("sha256:")
        if not is_digest(digest) or not path.exists():
            raise NotStored(digest)
        return path

    def begin_upload(self) -> str:
        """Begin a push of a blob and return its session's identifier."""
        session = secrets.token_hex(16)
        self.uploads[session] = Upload(self._incoming / session)
        return session

    def upload(self, session: str) -> Upload:
        """Return the upload of a session.

        Raises:
            NotStored: there is no such session.

        """
        if session not in self.uploads:
            raise NotStored(session)
        return self.uploads[session]

    def finish_upload(self, session: str, digest: str) -> None:
        """Keep what was pushed as the blob `digest`.

        Raises:
            NotStored: there is no such session.
            DigestWrong: the bytes have another digest; they are thrown away.

        """
        upload = self.upload(session)
        self.cancel_upload(session, keep=upload.digest == digest)
        if upload.digest != digest:
            raise DigestWrong(digest)
        upload.path.replace(self._blobs / digest.removeprefix("sha256:"))

    def cancel_upload(self, session: str, *, keep: bool = False) -> None:
        """End a session, and throw away what came, unless it is to be kept."""
        upload = self.upload(session)
        del self.uploads[session]
        upload.close()
        if not keep:
            upload.path.unlink()

    def close(self) -> None:
        """End every upload that was left half way."""
        for session in tuple(self.uploads):
            self.cancel_upload(session)
