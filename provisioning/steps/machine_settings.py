"""Settings of the machine's own services: clock, journal, watchdog."""

from __future__ import annotations

from provisioning.item_step import After, Items, ItemStep
from provisioning.items import Item
from provisioning.step import State, cannot, done
from provisioning.steps._manager import reload, restart_if_running
from provisioning.steps._shipped import by_package, shipped
from provisioning.visit import Visit


def clock_step() -> ItemStep:
    """Time-sync settings."""
    return ItemStep(
        "clock",
        "settings of time synchronisation",
        _from("timesyncd.conf.d"),
        after=_restart("systemd-timesyncd.service"),
        nothing=by_package,
    )


def journal_step() -> ItemStep:
    """Limits of the journal."""
    return ItemStep(
        "journal",
        "limits of the journal",
        _from("journald.conf.d"),
        after=_restart("systemd-journald.service"),
        nothing=by_package,
    )


def watchdog_step() -> ItemStep:
    """The machine's own watchdog."""
    return ItemStep(
        "watchdog",
        "the machine's watchdog",
        _from("system.conf.d"),
        after=reload,
        proof=_watched,
        nothing=by_package,
    )


def _from(folder: str) -> Items:
    def items(visit: Visit) -> list[Item]:
        return shipped(visit, f"{folder}/*.conf")

    return items


def _restart(service: str) -> After:
    def after(visit: Visit) -> None:
        restart_if_running(visit, service)

    return after


def _watched(visit: Visit) -> State:
    """Whether the service manager feeds the watchdog; a machine without one cannot be watched."""
    if not visit.host.exists("/dev/watchdog0"):
        return done("set; this machine has no watchdog (/dev/watchdog0)")
    told = visit.host.must("systemctl", "show", "--property=RuntimeWatchdogUSec", "--value")
    if told in ("0", "infinity"):
        return cannot("the service manager does not feed the watchdog: systemctl daemon-reload, or reboot")
    return done(f"fed by the service manager, {told}")
