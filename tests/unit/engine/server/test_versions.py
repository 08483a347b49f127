import pytest

from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.server.versions import NEWEST, Version, VersionTooOld, negotiate, split


def test_versions_compare_as_numbers() -> None:
    assert Version.parse("1.9") < Version.parse("1.24") < Version.parse("2")
    assert str(Version.parse("1.51")) == "1.51"


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/v1.41/info", ("1.41", "/info")),
        ("/info", ("", "/info")),
        ("/volumes", ("", "/volumes")),
        ("/v1.41", ("", "/v1.41")),
        ("/v1.41/images/a/b:c/json", ("1.41", "/images/a/b:c/json")),
    ],
)
def test_the_prefix_is_split_off(path: str, parts: tuple[str, str]) -> None:
    assert split(path) == parts


def test_every_version_of_ten_years_is_spoken() -> None:
    assert negotiate("") == NEWEST
    for minor in range(24, 52):
        assert negotiate(f"1.{minor}") == Version(1, minor)


def test_others_are_refused() -> None:
    with pytest.raises(VersionTooOld, match=r"Minimum supported API version is 1\.24"):
        negotiate("1.23")
    with pytest.raises(InvalidParameter, match=r"Maximum supported API version is 1\.51"):
        negotiate("1.52")
    with pytest.raises(InvalidParameter):
        negotiate("2.0")
