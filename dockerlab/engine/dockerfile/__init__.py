"""The Dockerfile's language: from its text to instructions, and what they say of an image."""
