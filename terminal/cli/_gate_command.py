"""A command that the running gate carries out: ask over its socket, tell what it said."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from terminal.cli._answer import Answer, Fields, answer
from terminal.cli._connection import Connection
from terminal.config import Config


def ask_gate(
    arguments: argparse.Namespace, request: Mapping[str, object], told: Callable[[Fields], str]
) -> int:
    """Send ``request``; ``told`` makes the text for people from the gate's answer."""

    def work(config: Config) -> Answer:
        with Connection(config.control_socket) as gate:
            fields = gate.ask(request)
        return Answer(fields, told(fields))

    return answer(arguments, work)
