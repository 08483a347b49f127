"""The class's image and the hub that starts it, tried for real: `python -m tests.deployment`."""
