"""The virtual PC/SC reader says what it needs and fails by name; its taps are tested with the driver."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from drivers.ports import DriverUnavailableError
from drivers.virtual_card import answer
from drivers.virtual_pcsc import VirtualPcsc, why_unavailable

NUMBER = bytes.fromhex("01020304")


def test_card_gives_its_number_and_knows_nothing_else() -> None:
    assert answer(bytes.fromhex("FFCA000000"), NUMBER) == NUMBER + b"\x90\x00"
    assert answer(bytes.fromhex("00A4040000"), NUMBER) == b"\x6d\x00"
    assert answer(b"", NUMBER) == b"\x6d\x00"


def test_missing_packages_are_named_with_the_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install pcscd vsmartcard-vpcd" in why_unavailable()
    with pytest.raises(DriverUnavailableError, match="apt-get install"):
        VirtualPcsc()


@pytest.mark.real_part("pcscd")
def test_use_after_the_service_died_or_the_reader_was_closed_is_an_error_by_name() -> None:
    if cause := why_unavailable():
        pytest.skip(cause)
    with VirtualPcsc() as virtual:
        pid = virtual.service_pid
        assert virtual.socket_path.is_socket()
        virtual.kill_service()
        assert not Path(f"/proc/{pid}").exists()
        with pytest.raises(DriverUnavailableError, match="insert"):
            virtual.insert(NUMBER)
        virtual.start_service()
        os.kill(virtual.service_pid, 0)
    with pytest.raises(DriverUnavailableError, match="closed"):
        virtual.remove()
    virtual.close()
