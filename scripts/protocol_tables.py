"""``python -m scripts.protocol_tables``: writes the tables of docs/protocol.md from the code.

Between a line ``<!-- NAME: from the code -->`` and ``<!-- end -->`` the page is generated;
a test compares it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from sync.message_codec import field_names
from sync.messages import Kind, Role
from sync.session_table import MOVES, RULES, Happening, State

PAGE: Final = Path(__file__).parents[1] / "docs" / "protocol.md"
_BLOCK: Final = re.compile(r"(<!-- (\w+): from the code -->\n).*?(<!-- end -->)", re.DOTALL)


def messages_table() -> str:
    """Every message: number, sender, state, fields."""
    rows = ["| number | message | from | in state | fields |", "|---|---|---|---|---|"]
    names = field_names()
    for kind in Kind:
        rule = RULES[kind]
        sender = "both" if rule.senders == frozenset(Role) else next(iter(rule.senders)).name.lower()
        state = "greeting or open" if kind is Kind.BYE else rule.state.value
        fields = ", ".join(names[kind])
        rows.append(f"| {int(kind)} | {kind.name.lower()} | {sender} | {state} | {fields} |")
    return "\n".join(rows)


def moves_table() -> str:
    """Where each happening leads from each state; empty where it leads nowhere."""
    rows = ["| | " + " | ".join(state.value for state in State) + " |", "|---|" + "---|" * len(State)]
    for happening in Happening:
        cells = [MOVES.get((state, happening)) for state in State]
        shown = " | ".join("" if cell is None else cell.value for cell in cells)
        rows.append(f"| {happening.value} | {shown} |")
    return "\n".join(rows)


TABLES: Final[Mapping[str, Callable[[], str]]] = {"messages": messages_table, "moves": moves_table}


def written(page: str) -> str:
    """The page with every table as the code has it now."""
    return _BLOCK.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", page)


def main() -> int:
    """Write the page."""
    PAGE.write_text(written(PAGE.read_text("utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
