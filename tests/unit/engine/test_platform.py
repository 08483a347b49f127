import pytest

from dockerlab.engine.errors import InvalidParameter, NotFound
from dockerlab.engine.oci import MANIFEST, Descriptor, Digest, Index, Platform
from dockerlab.engine.platform import choose, format_platform, host, matches, normalize, parse, rank


def linux(architecture: str, variant: str = "") -> Platform:
    return Platform(architecture=architecture, os="linux", variant=variant)


def index(*platforms: Platform | None) -> Index:
    return Index(
        schema_version=2,
        manifests=tuple(
            Descriptor(MANIFEST, Digest(f"sha256:{place:064x}"), 1, platform=platform)
            for place, platform in enumerate(platforms)
        ),
    )


def chosen(index: Index, wanted: Platform) -> int:
    return int(choose(index, wanted).digest.removeprefix("sha256:"), 16)


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        (linux("x86_64"), linux("amd64")),
        (linux("amd64", "v1"), linux("amd64")),
        (linux("amd64", "v3"), linux("amd64", "v3")),
        (linux("aarch64"), linux("arm64")),
        (linux("arm64", "v8"), linux("arm64")),
        (linux("armhf"), linux("arm", "v7")),
        (linux("armel"), linux("arm", "v6")),
        (linux("arm"), linux("arm", "v7")),
        (linux("arm", "6"), linux("arm", "v6")),
        (linux("i386"), linux("386")),
        (Platform("amd64", "macOS"), Platform("amd64", "darwin")),
        (Platform("amd64", ""), linux("amd64")),
    ],
)
def test_names_are_normalised(given: Platform, normal: Platform) -> None:
    assert normalize(given) == normal


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", linux("amd64")),
        ("linux/x86_64", linux("amd64")),
        ("arm64", linux("arm64")),
        ("linux/arm64/v8", linux("arm64", "v8")),
        ("linux/arm", linux("arm")),
        ("linux/arm/v7", linux("arm", "v7")),
        ("windows/amd64", Platform("amd64", "windows")),
        ("linux", Platform(host().architecture, "linux")),
    ],
)
def test_platforms_are_read(text: str, platform: Platform) -> None:
    assert parse(text) == platform


@pytest.mark.parametrize("text", ["", "nonsense", "linux//v7", "a/b/c/d", "linux/*", "linux/ä"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parse(text)


def test_the_host_prefers_its_own() -> None:
    both = index(linux("386"), linux("arm64", "v8"), linux("amd64"), linux("amd64", "v2"))
    assert chosen(both, linux("amd64")) == 2
    assert chosen(both, linux("amd64", "v3")) == 3
    assert chosen(both, linux("arm64")) == 1
    assert chosen(index(linux("386")), linux("amd64")) == 0
    arms = index(linux("arm", "v5"), linux("arm", "v7"), linux("arm", "v6"))
    assert chosen(arms, linux("arm64")) == 1
    assert chosen(arms, linux("arm", "v6")) == 2


def test_the_first_of_equals_and_what_names_no_platform() -> None:
    assert chosen(index(linux("amd64"), linux("amd64")), linux("amd64")) == 0
    assert chosen(index(None, linux("amd64")), linux("amd64")) == 1
    assert chosen(index(linux("arm64"), None), linux("amd64")) == 1


def test_attestations_are_no_image() -> None:
    unknown = Platform(architecture="unknown", os="unknown")
    with pytest.raises(NotFound) as refused:
        choose(index(unknown, linux("s390x")), linux("arm", "v7"))
    assert str(refused.value) == (
        "no matching manifest for linux/arm/v7 in the manifest list entries"
    )


def test_a_config_without_variant_is_forgiven() -> None:
    assert matches(linux("arm", "v6"), linux("arm"))
    assert not matches(linux("arm", "v6"), linux("arm", "v7"))
    assert rank(linux("amd64"), linux("arm64")) is None
    assert format_platform(Platform("", "")) == "unknown"
