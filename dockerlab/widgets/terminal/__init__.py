"""A terminal in a cell: a container's own, live, and its screen as it was where nothing is live."""

from dockerlab.widgets.terminal.opening import exec_terminal, run_terminal
from dockerlab.widgets.terminal.widget import Terminal

__all__ = ["Terminal", "exec_terminal", "run_terminal"]
