"""Service files, as far as they can be judged without a booted machine."""
