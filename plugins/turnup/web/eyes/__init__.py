"""The eyes: what is looked at for Prometheus, how often, and how it is told."""
