"""A picture that the browser draws: Graphviz as WebAssembly, where there is no `dot`."""

from dockerlab.widgets.graph.widget import Graph

__all__ = ["Graph"]
