"""The commands of `python -m terminal`."""
