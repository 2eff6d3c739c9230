"""The PC/SC reader under the contract, on a scripted pcscd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from drivers.ports import Reader, Technology
from tests.drivers.readers.contract import NUMBERS
from tests.support.fake_pcscd import FakePcscd

READER = "ACS ACR122U PICC Interface 00 00"


class PcscRig:
    """Plays on the scripted daemon."""

    technology = Technology.ISO14443A
    numbers = NUMBERS
    library = "smartcard.scard"

    def __init__(self, daemon: FakePcscd) -> None:
        self._daemon = daemon

    def table(self) -> Mapping[str, object]:
        return {"reader": "ACS ACR122U"}

    def attach(self, reader: Reader) -> None:
        """The daemon is reached by its socket, whoever reads."""

    def present(self, number: bytes) -> None:
        self._daemon.lay(READER, number)

    def remove(self) -> None:
        self._daemon.lift(READER)

    def take_away_device(self) -> Mapping[str, object]:
        self._daemon.die()
        self._daemon.socket_path.unlink()
        return self.table()


@contextmanager
def rig(request: pytest.FixtureRequest) -> Iterator[PcscRig]:
    """A scripted pcscd with one reader."""
    with FakePcscd(request.getfixturevalue("pcsc_socket")) as daemon:
        daemon.plug(READER)
        yield PcscRig(daemon)
