"""The durable files of a gate, each with exactly one writing process."""
