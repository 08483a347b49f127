"""Why a test of the SDK's does not pass on the embedded engine; what is not listed is a fault."""

from collections.abc import Mapping

UNEXPLAINED = "not explained yet"

_NETWORKS = "networks are the machine's own, or none: there is no other to make, join or describe"
_ALONE = "the engine runs alone and can be no part of a swarm"
_RUNTIME = (
    "the SDK does not send the runtime that it names; the default is shown, and is not `runc`"
)

_BY_WORDS: Mapping[str, str] = {
    "the machine's own network (bridge, host) and none": _NETWORKS,
    "it can be no part of a swarm": _ALONE,
    "no links between containers": "a link is a name in a network of Docker's own",
    "proot cannot freeze": "proot cannot freeze processes",
    "no control group can freeze": "this user is given no control group that can freeze",
}
"""By what the engine answered."""

_EARLY = "a race: the test reads the log right after the start, and does not wait for the end"
_BY_TEST: Mapping[str, str] = {
    "api_build_test::BuildTest::test_build_in_context_abs_dockerfile": _EARLY,
    "api_build_test::BuildTest::test_build_in_context_dockerfile": _EARLY,
    "api_build_test::BuildTest::test_build_in_context_nested_dockerfile": _EARLY,
    "api_build_test::BuildTest::test_build_out_of_context_dockerfile": _EARLY,
    "api_container_test::ContainerCPUTest::test_create_with_runtime": _RUNTIME,
    "api_container_test::CreateContainerTest::test_create_with_cpu_rt_options": (
        "real-time scheduling is not offered; asked for, it is refused"
    ),
    "api_container_test::CreateContainerTest::test_create_with_links": (
        "a link is a name in a network of Docker's own"
    ),
    "api_network_test::TestNetworks::test_create_with_driveropt": _NETWORKS,
    "api_network_test::TestNetworks::test_create_with_linklocal_ips": _NETWORKS,
}
_PING = "`ping` in a build step: raw sockets are root's on the machine's network"
_GROUPS = "proot cannot give a process other groups than the user has"
_LIMITS = "this user is given no control group, so that a limit is left out with a warning"
_BY_ENGINE: Mapping[tuple[str, str], str] = {
    ("api_build_test::BuildTest::test_build_with_extra_hosts", "oci-user"): _PING,
    ("api_build_test::BuildTest::test_build_with_extra_hosts", "proot"): _PING,
    ("api_container_test::CreateContainerTest::test_group_id_ints", "proot"): _GROUPS,
    ("api_container_test::CreateContainerTest::test_group_id_strings", "proot"): _GROUPS,
    **{
        (test, engine): _LIMITS
        for test in (
            "api_container_test::ContainerCPUTest::test_container_cpu_shares",
            "api_container_test::ContainerCPUTest::test_container_cpuset",
            "api_container_test::ContainerUpdateTest::test_update_container",
            "models_containers_test::ContainerTest::test_update",
        )
        for engine in ("oci-user", "proot")
    },
}


def reason(test: str, engine: str, *, said: str) -> str:
    """Why this test does not pass on this engine, as the page has it."""
    for words, why in _BY_WORDS.items():
        if words in said:
            return why
    return _BY_ENGINE.get((test, engine)) or _BY_TEST.get(test) or f"{UNEXPLAINED}: {_short(said)}"


def _short(said: str) -> str:
    return said[:120].replace("|", "\\|")
