"""Beside the torch that is none."""
