"""Builds images: the classic builder of Docker Engine."""
