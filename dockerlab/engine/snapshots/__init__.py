"""File systems that build on each other."""
