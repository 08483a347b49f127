"""Images from and to registries (OCI distribution specification)."""
