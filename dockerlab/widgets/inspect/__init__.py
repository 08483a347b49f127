"""`docker inspect`, explained: what an image or a container is, field by field."""

from dockerlab.widgets.inspect.widget import InspectExplorer, inspect_image_or_container

__all__ = ["InspectExplorer", "inspect_image_or_container"]
