"""How many of something, in words."""


def count_of(number: int, noun: str) -> str:
    """``1 door``, ``2 doors``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
