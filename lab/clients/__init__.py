"""Clients of what the lab's servers serve."""
