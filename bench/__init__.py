"""Measurements: `python -m bench [NAME]`; figures and bounds stand in docs/performance.md."""
