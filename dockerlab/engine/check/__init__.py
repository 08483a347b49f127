"""Whether all that the engine keeps is whole, and nothing is kept that nobody needs (``fsck``)."""
