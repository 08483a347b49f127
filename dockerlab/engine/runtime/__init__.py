"""From a bundle to a running process."""
