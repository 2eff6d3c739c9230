"""Pure policy of a gate: no I/O, no clock, no randomness."""
