"""Signals are kept, wake what waits, and end the command once, where it looks."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from provisioning.signals import ENDING, kept_signals

LONG_S = 60.0


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_ends_the_command_where_it_looks_and_once(number: signal.Signals) -> None:
    before = [signal.getsignal(one) for one in ENDING]
    with kept_signals() as signals:
        signals.look()
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signals.look()
        signal.raise_signal(number)
        signals.look()  # it is clearing up
        signals.wait([], 0.0)
    assert [signal.getsignal(one) for one in ENDING] == before


def test_what_waits_is_woken_by_what_it_waits_for_and_by_a_signal() -> None:
    read_end, write_end = os.pipe()
    kill = ["sh", "-c", "kill -TERM $PPID"]
    with kept_signals() as signals, os.fdopen(read_end), os.fdopen(write_end, "w") as pipe:
        print("x", file=pipe, flush=True)
        signals.wait([read_end], LONG_S)
        os.read(read_end, 2)
        with subprocess.Popen(kill), pytest.raises(KeyboardInterrupt):
            signals.wait([read_end], LONG_S)


def test_a_signal_in_a_finalizer_is_not_lost() -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    with kept_signals() as signals:
        Finalized()
        with pytest.raises(KeyboardInterrupt):
            signals.wait([], LONG_S)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with kept_signals() as signals:
            signal.raise_signal(signal.SIGHUP)
            signals.look()
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
