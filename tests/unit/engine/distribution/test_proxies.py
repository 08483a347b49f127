"""Which requests go through a proxy."""

import pytest

from dockerlab.engine.distribution.proxies import Proxies

_PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("", "https://quay.io/v2/", False),
        ("", "http://127.0.0.1:5000/v2/", True),
        ("", "http://localhost:5000/v2/", True),
        ("", "http://[::1]:5000/v2/", True),
        ("*", "https://quay.io/v2/", True),
        ("quay.io", "https://quay.io/v2/", True),
        ("quay.io", "https://cdn.quay.io/v2/", True),
        (".quay.io", "https://quay.io/v2/", True),
        ("*.quay.io", "https://cdn.quay.io/v2/", True),
        ("quay.io", "https://notquay.io/v2/", False),
        ("quay.io:5000", "https://quay.io/v2/", False),
        ("quay.io:443", "https://quay.io/v2/", True),
        ("10.0.0.0/8, quay.io", "http://10.1.2.3:5000/v2/", True),
        ("10.0.0.0/8", "http://11.1.2.3:5000/v2/", False),
        ("10.1.2.3", "http://10.1.2.3:5000/v2/", True),
    ],
)
def test_no_proxy_names_what_is_reached_directly(no_proxy: str, url: str, *, direct: bool) -> None:
    environ = {"HTTP_PROXY": _PROXY, "HTTPS_PROXY": _PROXY, "NO_PROXY": no_proxy}
    assert Proxies(environ).proxy_for(url) == (None if direct else _PROXY)


def test_small_letters_do_as_well_and_a_bare_host_is_http() -> None:
    proxies = Proxies({"https_proxy": "proxy:3128", "no_proxy": "a.example"})
    assert proxies.proxy_for("https://b.example/") == "http://proxy:3128"
    assert proxies.proxy_for("https://a.example/") is None
    assert proxies.proxy_for("http://b.example/") is None
