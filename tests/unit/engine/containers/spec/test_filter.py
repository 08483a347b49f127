"""The filter of system calls in a container's configuration."""

from dockerlab.engine.containers.spec import seccomp


def test_the_filter_follows_the_capabilities() -> None:
    def forbidden(*held: str) -> set[str]:
        rules = seccomp.profile(held, machine="x86_64")["syscalls"]
        assert isinstance(rules, list)
        return {name for rule in rules if "args" not in rule for name in rule["names"]}

    assert {"mount", "setns", "clone3", "reboot", "keyctl"} <= forbidden()
    assert "mount" not in forbidden("CAP_SYS_ADMIN")
    assert "clone3" not in forbidden("CAP_SYS_ADMIN")
    assert "keyctl" in forbidden("CAP_SYS_ADMIN")
