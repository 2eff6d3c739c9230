"""The sync process of a gate: its side of the talk with the office. No GPIO, no reader, no decision."""
