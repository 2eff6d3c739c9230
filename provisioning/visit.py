"""What a technician's visit has at hand: the machine, its journal, the configuration, and what was chosen."""

from __future__ import annotations

from msgspec import Struct

from provisioning.board import Board
from provisioning.data import Data
from provisioning.host import Host
from provisioning.journal import Journal
from provisioning.tree import Tree
from terminal.config import Config


class Visit(Struct, frozen=True):
    """Handed to every step. Made by `provisioning.cli._visit`, and by tests."""

    host: Host
    journal: Journal
    tree: Tree
    data: Data
    board: Board
    config: Config | None
    """``None``: there is no configuration, as for taking things back."""
    config_text: bytes = b""
    """What the configuration file is to hold; empty: leave it as it is."""
    read_only_root: bool | None = None
    """Whether the system is to be read-only but for the state; ``None``: as it is."""

    def needed_config(self) -> Config:
        """The configuration, by a step that runs only where there is one."""
        if self.config is None:
            raise ValueError("this visit has no configuration")
        return self.config
