"""Volumes: directories that outlive the containers which write into them."""
