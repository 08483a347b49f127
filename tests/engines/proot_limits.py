"""What proot cannot do, test by test: tests that fail under it, and why.

Builds and commits, which are compared case by case, have such tables of their own beside the cases.
Each test is run all the same, and one that passes fails the session, so that the table stays true.
"""

import pytest

_MACHINE = "devices, processes and the network are the machine's"

REASONS = {
    "test_same_answers[proot-run with an environment, a directory, a user, an entry point]": (
        "the engine's own supplementary groups, capabilities and host name show through"
    ),
    "test_same_answers[proot-run with bind mounts]": "a bind is always writable",
    "test_same_answers[proot-run with a network]": _MACHINE,
    "test_same_answers[proot-run with the processes of another container]": (
        "there is no namespace of processes to join, which is refused"
    ),
    "test_same_answers[proot-what a container sees]": _MACHINE,
    "test_same_answers[proot-signals and exit codes]": (
        "the first process is not PID 1, which the kernel spares its own SIGKILL"
    ),
    "test_same_answers[proot-exec]": (
        "the engine's own supplementary groups and capabilities show through"
    ),
    "test_a_shell_on_a_terminal_ends_with_its_own_exit_code[proot]": (
        "terminals are the machine's, and not the first"
    ),
}


def mark(items: list[pytest.Item]) -> None:
    """Expect those tests to fail."""
    for item in items:
        if item.name in REASONS:
            reason = f"proot: {REASONS[item.name]}"
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
