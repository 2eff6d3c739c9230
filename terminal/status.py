"""The state of a running gate as plain fields: for ``status``, the demonstration, the office."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivers.gpio.sim import SimGpio
from sync.records import ClockState
from terminal.core.passage import Barrier, Contact, Door, Fire, Passage
from terminal.lines import output_lines
from terminal.supervisor import Health, ReaderSupervisor

if TYPE_CHECKING:
    from terminal.gate import Gate

Fields = dict[str, Any]


def gate_status(gate: Gate) -> Fields:
    """Everything a person asks for first."""
    judged = gate.judge()
    now = judged.now
    return {
        "gate": gate.config.gate.name,
        "status": gate.status_line(),
        "clock": {
            "state": now.clock.name.lower(),
            "utc": now.utc,
            "floor": now.floor,
            "trusted": now.clock is ClockState.TRUSTED,
        },
        "list": _list(gate, now.wall),
        "doors": {control.name: _door(gate, control.door_id) for control in gate.hardware.doors.values()},
        "inputs": gate.hardware.inputs_now(),
        "outputs": _outputs(gate),
        "gpio": {
            "backend": gate.config.gpio_kind,
            **_health(gate.hardware.health, now.monotonic),
            "looked_s_ago": round(now.monotonic - gate.hardware.looked_at, 1),
        },
        "readers": {
            name: {**_health(one.health, now.monotonic), "supply": _supply(one)}
            for name, one in gate.readers.items()
        },
        "log": _log(gate),
        "maintenance": {
            "open": gate.maintenance.is_open,
            "left_s": round(gate.maintenance.left_s),
        },
    }


def passage_fields(passage: Passage) -> Fields:
    """A door or barrier in plain words."""
    fields: Fields = {
        "contact": None if passage.contact is Contact.ABSENT else passage.contact.value,
        "fire": passage.demand.fire is not Fire.NONE,
        "alarm": passage.alarm.value,
    }
    match passage:
        case Door():
            return {"state": passage.condition.value, "unlocked": passage.unlocked, **fields}
        case Barrier():
            return {"state": passage.phase.value, "loop": passage.loop.value, **fields}


def _door(gate: Gate, door: int) -> Fields:
    state = gate.modes.state(door)
    waiting = gate.taps.waiting_at(door)
    return {
        "id": door,
        "mode": state.mode.name.lower(),
        "mode_cause": state.cause.value,
        "waits_for_companion": waiting is not None,
        **passage_fields(gate.hardware.doors[door].state),
    }


def _health(health: Health, monotonic: float) -> Fields:
    return {"ok": health.ok, "cause": health.cause, "for_s": round(monotonic - health.since, 1)}


def _supply(supervisor: ReaderSupervisor) -> Fields | None:
    """Of a reader whose supply the gate may cut."""
    state = None if supervisor.supply is None else supervisor.supply.state
    return None if state is None else {"cut": state.is_cut, "times": state.times}


def _list(gate: Gate, wall: int | None) -> Fields | None:
    state = gate.permissions.state
    if state is None:
        return None
    head = state.head
    return {
        "version": str(head.version),
        "digest": head.digest.hex(),
        "issued_at": head.issued_at,
        "confirmed_at": gate.permissions.confirmed_at(head),
        "age_s": None if wall is None else max(0, wall - gate.permissions.confirmed_at(head)),
        "stands_in": state.stands_in,
        "fault": gate.permissions.fault,
    }


def _outputs(gate: Gate) -> Fields | None:
    """Levels of simulated outputs; real ones are not read back."""
    gpio = gate.hardware.gpio
    if not isinstance(gpio, SimGpio):
        return None
    return {one.line: gpio.level(one.line) for _, one in output_lines(gate.config)}


def _log(gate: Gate) -> Fields:
    health = gate.log.health()
    return {
        "running": health.running,
        "backlog": health.backlog,
        "lost": health.lost,
        "last_error": health.last_error,
        "commit_ms": round(health.commit_s * 1000, 2),
    }
