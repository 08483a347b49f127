"""Where registries are, and when TLS may be left out."""

import pytest

from dockerlab.engine.distribution.endpoint import mirror_endpoint, origin, registry_endpoint


@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("quay.io", "https://quay.io"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("127.8.9.1", "http://127.8.9.1"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("localhost", "http://localhost"),
        ("localhost.example.org", "https://localhost.example.org"),
        ("10.0.0.1:5000", "https://10.0.0.1:5000"),
        ("lab.example:5000", "http://lab.example:5000"),
    ],
)
def test_plain_http_is_for_loopback_and_for_the_hosts_named(domain: str, url: str) -> None:
    assert registry_endpoint(domain, insecure=("lab.example:5000",)).url == url


def test_a_mirror_is_a_url_or_a_host() -> None:
    assert mirror_endpoint("http://cache.example:5000/").url == "http://cache.example:5000"
    assert mirror_endpoint("cache.example").url == "https://cache.example"
    assert mirror_endpoint("cache.example").mirror


@pytest.mark.parametrize("other", ["http://a.example/", "https://a.example:8443/", "https://b/"])
def test_another_scheme_host_or_port_is_another_origin(other: str) -> None:
    assert origin("https://a.example/v2/") != origin(other)
    assert origin("https://A.example:443/v2/") == origin("https://a.example")
