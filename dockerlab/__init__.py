"""Learn Docker images by running them."""
