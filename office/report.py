"""What a command says when it is done: lines for people, or one line of JSON for programs."""

from __future__ import annotations

import json

Report = dict[str, object]


def as_json(report: Report) -> str:
    """One line of JSON."""
    return json.dumps(report)


def as_text(report: Report) -> str:
    """A line for each part; a list of parts gets a line for each of them."""
    return "\n".join(line for key, value in report.items() for line in _lines(key, value))


def _lines(key: str, value: object) -> list[str]:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [f"{key}:", *(f"  {_row(one)}" for one in value)]
    return [f"{key}: {value}"]


def _row(part: dict[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in part.items())
