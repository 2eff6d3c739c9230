"""The outcome of a self-test."""

from __future__ import annotations

from sync.as_built import AsBuilt, Check, Part, Result
from sync.records import ClockState
from tests.support.estate import ESTATE_ID, GATE_ID, NOW

BUILT = AsBuilt(
    ESTATE_ID,
    GATE_ID,
    "北门",
    NOW,
    ClockState.TRUSTED,
    "gatehouse 0.1.0",
    "Raspberry Pi 4 Model B Rev 1.4",
    maintenance=True,
    simulated=False,
    config_digest=bytes(range(32)),
    parts=(Part("doors.main", "magnet on GPIO17"), Part("readers.in", "osdp on /dev/gate-osdp")),
    checks=(
        Check("area", Result.PASSED, "clear"),
        Check("doors.main.lock", Result.FAILED, "it stayed locked: swap NO and NC"),
        Check("power", Result.SKIPPED, "this machine has no flag for it"),
    ),
)
