"""Commands of `python -m provisioning`, typed at a tree, with answers typed at its questions."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from msgspec import Struct

from provisioning.__main__ import main


class Said(Struct, frozen=True):
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


class Technician:
    """Types commands and answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def type(self, *arguments: object, answers: str = "") -> Said:
        """Run a command; ``answers`` is what is typed at its questions."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        code = main([str(one) for one in arguments])
        said = self._capsys.readouterr()
        return Said(code, said.out, said.err)
