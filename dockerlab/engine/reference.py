"""Names of images: ``centos``, ``localhost:5000/team/app:1.2``, ``alpine@sha256:…``.

The grammar and the rules for short ("familiar") names are those of distribution/reference, whose
sentences are used for what is malformed, since clients match on them. A parsed name is always
canonical: ``centos`` is ``docker.io/library/centos``.
"""

import re

import msgspec

from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import Digest

DEFAULT_DOMAIN = "docker.io"
DEFAULT_TAG = "latest"
NAME_LENGTH = 255
"""Characters that a repository's path may have at most."""

_LEGACY_DOMAIN = "index.docker.io"
_OFFICIAL = "library/"
_HEX_LENGTH = {"sha256": 64, "sha384": 96, "sha512": 128}

_COMPONENT = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_COMPONENT}(?:\.{_COMPONENT})*|\[[a-fA-F0-9:]+\])"
_DOMAIN = rf"{_HOST}(?::[0-9]+)?"
_PATH_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*"
_TAG = r"\w[\w.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"

_REFERENCE = re.compile(
    rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PATH})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?",
    re.ASCII,
)
_ONLY_TAG = re.compile(_TAG, re.ASCII)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")
_CHECKSUM = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")


class Reference(msgspec.Struct, frozen=True, order=True):
    """A canonical name, with a tag, a digest, both or neither.

    >>> parse("centos:7")
    Reference(domain='docker.io', path='library/centos', tag='7', digest='')
    >>> str(parse("centos:7")), parse("docker.io/library/centos:7").familiar
    ('docker.io/library/centos:7', 'centos:7')
    """

    domain: str
    path: str
    tag: str = ""
    digest: Digest = Digest("")

    def __str__(self) -> str:
        return self.name + self._suffix

    @property
    def name(self) -> str:
        """The repository alone, canonical: ``docker.io/library/centos``."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """The repository alone, as Docker shows it: ``centos``."""
        if self.domain != DEFAULT_DOMAIN:
            return self.name
        official = self.path.removeprefix(_OFFICIAL)
        return self.path if "/" in official else official

    @property
    def familiar(self) -> str:
        """All of it, as Docker shows it: ``centos:7``."""
        return self.familiar_name + self._suffix

    @property
    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def repository(self) -> "Reference":
        """The same without tag and digest."""
        return Reference(self.domain, self.path)

    @property
    def stored(self) -> "Reference":
        """The one name under which an image is kept or looked up.

        A digest wins over a tag beside it; without either the tag is ``latest``.
        """
        if self.digest:
            return Reference(self.domain, self.path, digest=self.digest)
        return Reference(self.domain, self.path, tag=self.tag or DEFAULT_TAG)

    def with_tag(self, tag: str) -> "Reference":
        """The same with another tag; raises InvalidParameter when ``tag`` is malformed."""
        if not _ONLY_TAG.fullmatch(tag):
            raise InvalidParameter("invalid tag format")
        return Reference(self.domain, self.path, tag, self.digest)

    def with_digest(self, digest: Digest) -> "Reference":
        """The same with another digest, which must be well formed."""
        return Reference(self.domain, self.path, self.tag, digest)


def parse(text: str) -> Reference:
    """The canonical reference that a familiar or full name stands for.

    Raises:
        InvalidParameter: it is no name, in distribution/reference's words.

    """
    if _IDENTIFIER.fullmatch(text):
        raise InvalidParameter(
            f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
        )
    domain, remainder = _split_domain(text)
    remote = remainder.partition(":")[0]
    if remote.lower() != remote:
        raise InvalidParameter(
            f"invalid reference format: repository name ({remote}) must be lowercase"
        )
    return _parse_canonical(f"{domain}/{remainder}")


def parse_any(text: str) -> Reference | Digest:
    """A name, or the image ID that 64 hexadecimal digits or a whole digest stand for.

    Raises:
        InvalidParameter: it is neither.

    """
    if _IDENTIFIER.fullmatch(text):
        return Digest(f"sha256:{text}")
    try:
        return _parse_digest(text)
    except InvalidParameter:
        return parse(text)


def parse_with_tag(name: str, tag: str) -> Reference:
    """The reference that the API's parameters ``fromImage`` and ``tag`` mean together.

    ``tag`` may be a digest, replaces the one in ``name``, and may be empty.

    Raises:
        InvalidParameter: either is malformed.

    """
    named = parse(name.removesuffix(":"))
    if not tag:
        return named
    try:
        digest = _parse_digest(tag)
    except InvalidParameter:
        return named.with_tag(tag)
    return named.repository.with_digest(digest)


def parse_target(repository: str, tag: str) -> Reference | None:
    """The tag that the API's parameters ``repo`` and ``tag`` ask for; None without ``repo``.

    Raises:
        InvalidParameter: malformed, or a digest, which nobody can give to an image by will.

    """
    if not repository:
        return None
    named = parse(repository)
    if named.digest:
        raise InvalidParameter("cannot import digest reference")
    return named.with_tag(tag) if tag else named.stored


def _split_domain(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    if not slash:
        return DEFAULT_DOMAIN, _OFFICIAL + text
    if first == _LEGACY_DOMAIN:
        domain, remainder = DEFAULT_DOMAIN, rest
    elif first == "localhost" or "." in first or ":" in first or first.lower() != first:
        domain, remainder = first, rest
    else:
        domain, remainder = DEFAULT_DOMAIN, text
    if domain == DEFAULT_DOMAIN and "/" not in remainder:
        remainder = _OFFICIAL + remainder
    return domain, remainder


def _parse_canonical(text: str) -> Reference:
    match = _REFERENCE.fullmatch(text)
    if not match:
        if text.lower() != text and _REFERENCE.fullmatch(text.lower()):
            raise InvalidParameter("repository name must be lowercase")
        raise InvalidParameter("invalid reference format")
    if len(match["path"]) > NAME_LENGTH:
        raise InvalidParameter(f"repository name must not be more than {NAME_LENGTH} characters")
    digest = _parse_digest(match["digest"]) if match["digest"] else Digest("")
    return Reference(match["domain"] or "", match["path"], match["tag"] or "", digest)


def _parse_digest(text: str) -> Digest:
    if not _CHECKSUM.fullmatch(text):
        raise InvalidParameter("invalid checksum digest format")
    algorithm, _, encoded = text.partition(":")
    length = _HEX_LENGTH.get(algorithm)
    if length is None:
        raise InvalidParameter("unsupported digest algorithm")
    if len(encoded) != length:
        raise InvalidParameter("invalid checksum digest length")
    if not re.fullmatch("[a-f0-9]+", encoded):
        raise InvalidParameter("invalid checksum digest format")
    return Digest(text)
