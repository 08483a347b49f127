import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import Digest
from dockerlab.engine.reference import (
    Reference,
    parse,
    parse_any,
    parse_target,
    parse_with_tag,
)

HEX = "a" * 64
SHA256 = f"sha256:{HEX}"

NORMAL = [
    ("centos", "docker.io/library/centos", "centos"),
    ("centos:7", "docker.io/library/centos:7", "centos:7"),
    ("library/centos", "docker.io/library/centos", "centos"),
    ("docker.io/centos", "docker.io/library/centos", "centos"),
    ("index.docker.io/centos", "docker.io/library/centos", "centos"),
    ("index.docker.io/library/centos", "docker.io/library/centos", "centos"),
    ("docker.io/team/app", "docker.io/team/app", "team/app"),
    ("team/app:1.2_x-y", "docker.io/team/app:1.2_x-y", "team/app:1.2_x-y"),
    ("library/a/b", "docker.io/library/a/b", "library/a/b"),
    ("localhost/app", "localhost/app", "localhost/app"),
    ("localhost", "docker.io/library/localhost", "localhost"),
    ("localhost:5000", "docker.io/library/localhost:5000", "localhost:5000"),
    ("localhost:5000/app", "localhost:5000/app", "localhost:5000/app"),
    ("127.0.0.1:5000/a/b:c", "127.0.0.1:5000/a/b:c", "127.0.0.1:5000/a/b:c"),
    ("[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app"),
    ("ghcr.io/team/app", "ghcr.io/team/app", "ghcr.io/team/app"),
    ("HOST/app", "HOST/app", "HOST/app"),
    ("Example.COM:5000/app", "Example.COM:5000/app", "Example.COM:5000/app"),
    ("a__b/c.d/e---f", "docker.io/a__b/c.d/e---f", "a__b/c.d/e---f"),
    (f"alpine@{SHA256}", f"docker.io/library/alpine@{SHA256}", f"alpine@{SHA256}"),
    (f"alpine:3@{SHA256}", f"docker.io/library/alpine:3@{SHA256}", f"alpine:3@{SHA256}"),
    ("a" * 63, "docker.io/library/" + "a" * 63, "a" * 63),
    ("app:" + "t" * 128, "docker.io/library/app:" + "t" * 128, "app:" + "t" * 128),
    ("h.io/" + "a" * 255, "h.io/" + "a" * 255, "h.io/" + "a" * 255),
]

FORMAT = "invalid reference format"
MALFORMED = [
    ("", FORMAT),
    (":latest", FORMAT),
    ("app:", FORMAT),
    ("app:-x", FORMAT),
    ("app:" + "t" * 129, FORMAT),
    ("a//b", FORMAT),
    ("-app", FORMAT),
    ("app-", FORMAT),
    ("a___b", FORMAT),
    ("a..b", FORMAT),
    ("/app", FORMAT),
    ("app/", FORMAT),
    ("http://h/app", FORMAT),
    ("app tag", FORMAT),
    ("app\n", FORMAT),
    ("äpp", FORMAT),
    ("[fe80::1%eth0]:5000/app", FORMAT),
    ("app@sha256:1234", FORMAT),
    ("Centos", f"{FORMAT}: repository name (library/Centos) must be lowercase"),
    ("team/App:1", f"{FORMAT}: repository name (team/App) must be lowercase"),
    ("h.io/App", f"{FORMAT}: repository name (App) must be lowercase"),
    (HEX, f"invalid repository name ({HEX}), cannot specify 64-byte hexadecimal strings"),
    ("h.io/" + "a" * 256, "repository name must not be more than 255 characters"),
    ("app@sha256:" + "a" * 63, "invalid checksum digest length"),
    ("app@md5:" + "a" * 32, "unsupported digest algorithm"),
    ("app@sha256:" + "A" * 64, "invalid checksum digest format"),
]


@pytest.mark.parametrize(("text", "canonical", "familiar"), NORMAL)
def test_names_are_normalised(text: str, canonical: str, familiar: str) -> None:
    reference = parse(text)
    assert str(reference) == canonical
    assert reference.familiar == familiar
    assert parse(canonical) == reference


@pytest.mark.parametrize(("text", "sentence"), MALFORMED)
def test_malformed_names_are_refused_in_dockers_words(text: str, sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        parse(text)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("app", "docker.io/library/app:latest"),
        ("app:1", "docker.io/library/app:1"),
        (f"app@{SHA256}", f"docker.io/library/app@{SHA256}"),
        (f"app:1@{SHA256}", f"docker.io/library/app@{SHA256}"),
    ],
)
def test_the_stored_name_favours_the_digest(text: str, stored: str) -> None:
    assert str(parse(text).stored) == stored


def test_an_identifier_is_no_name() -> None:
    assert parse_any(HEX) == parse_any(SHA256) == Digest(SHA256)
    assert parse_any("abc") == parse("abc")
    assert parse_any("sha256:abc") == parse("sha256:abc")


def test_a_tag_beside_a_name() -> None:
    assert str(parse_with_tag("app", "")) == "docker.io/library/app"
    assert str(parse_with_tag("app:", "")) == "docker.io/library/app"
    assert str(parse_with_tag("app:1", "2")) == "docker.io/library/app:2"
    assert str(parse_with_tag("app", SHA256)) == f"docker.io/library/app@{SHA256}"
    with pytest.raises(InvalidParameter, match="invalid tag format"):
        parse_with_tag("app", "a b")


def test_a_target_has_a_tag_and_never_a_digest() -> None:
    assert parse_target("", "1") is None
    assert str(parse_target("app", "")) == "docker.io/library/app:latest"
    assert str(parse_target("app", "1")) == "docker.io/library/app:1"
    with pytest.raises(InvalidParameter, match="cannot import digest reference"):
        parse_target(f"app@{SHA256}", "")


component = st.from_regex(r"[a-z0-9]+(?:(?:[._]|__|-{1,3})[a-z0-9]+){0,2}", fullmatch=True)
domain = st.from_regex(r"(?:[a-z0-9]{1,9}\.[a-z]{2,3}|localhost)(?::[0-9]{1,5})?", fullmatch=True)
path = st.lists(component, min_size=1, max_size=3).map("/".join)
tag = st.one_of(st.just(""), st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True))
checksum = st.one_of(st.just(""), st.text("0123456789abcdef", min_size=64, max_size=64))


@given(domain, path, tag, checksum)
def test_what_is_well_formed_comes_back_as_it_was(
    domain: str, path: str, tag: str, checksum: str
) -> None:
    reference = Reference(domain, path, tag, Digest(f"sha256:{checksum}" if checksum else ""))
    assert parse(str(reference)) == reference
    assert parse(reference.familiar) == reference


@given(st.one_of(st.text(), st.text(string.ascii_letters + string.digits + "./:@_-[]")))
def test_anything_else_is_refused(text: str) -> None:
    with suppress(InvalidParameter):
        reference = parse(text)
        assert parse(reference.familiar) == parse(str(reference)) == reference
