"""What a running gate's machine says of itself: supply, clock, pcscd, and the gate's own check."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.steps.services import PROGRAM
from terminal.config import Config
from terminal.findings import Finding, Verdict, ok, warning, wrong

THROTTLED: Final = "/sys/devices/platform/soc/soc:firmware/get_throttled"
"""Bits, in hexadecimal (as vcgencmd documents them)."""
UNDER_VOLTAGE_NOW: Final = 1 << 0
UNDER_VOLTAGE_BEFORE: Final = 1 << 16
PCSCD: Final = "/run/pcscd/pcscd.comm"
CHECK_LIMIT_S: Final = 60.0
GATE_USER: Final = "gatehouse-terminal"


def look_after(host: Host, config: Config | None) -> list[Finding]:
    """Everything that only a running machine can tell; a tree tells nothing."""
    if not host.live:
        return []
    readers = [] if config is None else [one.settings.kind for one in config.readers.values()]
    return [
        *supply(host),
        *_clock(host),
        *(pcscd(host.path(PCSCD)) if "pcsc" in readers else ()),
        *_own_check(host),
    ]


def supply(host: Host) -> Iterator[Finding]:
    """Under-voltage, by the firmware's word; boards without that word are passed over."""
    text = host.text(THROTTLED).strip()
    if not text:
        return
    try:
        bits = int(text, 16)
    except ValueError:
        yield warning("supply", f"{THROTTLED} says {text[:20]!r}, which is no number")
        return
    if bits & UNDER_VOLTAGE_NOW:
        yield wrong(
            "supply", "under-voltage now: a better supply (5 V at the board), a shorter and thicker cable"
        )
    elif bits & UNDER_VOLTAGE_BEFORE:
        yield warning("supply", "under-voltage since the board was switched on: see supply and cable")
    else:
        yield ok("supply", "no under-voltage since the board was switched on")


def pcscd(path: Path) -> Iterator[Finding]:
    """Whether somebody answers where card readers are asked for."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2.0)
        try:
            client.connect(str(path))
        except FileNotFoundError:
            yield wrong(
                "pcscd",
                "is not installed or not started: apt install pcscd; systemctl enable --now pcscd.socket",
            )
        except OSError as error:
            yield wrong(
                "pcscd", f"does not answer at {path} ({error.strerror}): systemctl restart pcscd.socket"
            )
        else:
            yield ok("pcscd", f"answers at {path}")


def _clock(host: Host) -> Iterator[Finding]:
    """Whether the system clock is kept by anybody; the gate itself trusts the office alone."""
    ran = host.run("timedatectl", "show", "--property=NTP", "--property=NTPSynchronized")
    fields = dict(line.partition("=")[::2] for line in ran.output.splitlines())
    if not ran.ok:
        yield warning("system clock", f"timedatectl does not tell: {ran.output[:100]}")
    elif fields.get("NTPSynchronized") == "yes":
        yield ok("system clock", "synchronised")
    elif fields.get("NTP") == "yes":
        yield warning(
            "system clock", "not synchronised yet; without network it stays so, and the office tells the time"
        )
    else:
        yield warning("system clock", "kept by nobody: timedatectl set-ntp true")


def _own_check(host: Host) -> Iterator[Finding]:
    """`gatehouse-terminal check` as the gate's own user: what it may not do, the gate could not do."""
    if not host.exists(PROGRAM):
        yield wrong("check", f"{PROGRAM} is not there: install the package")
        return
    if host.user_id(GATE_USER) is None:
        yield wrong("check", f"there is no user {GATE_USER}: gatehouse-provision apply")
        return
    try:
        ran = host.run("runuser", "-u", GATE_USER, "--", PROGRAM, "check", "--json", limit_s=CHECK_LIMIT_S)
        answer = json.loads(ran.output.splitlines()[-1])
        yield from findings_of(answer)
    except (ProvisioningError, ValueError, IndexError, KeyError, TypeError) as error:
        yield wrong("check", f"gatehouse-terminal check gives no answer: {error}; run it by hand")


def findings_of(answer: dict[str, Any]) -> list[Finding]:
    """What `gatehouse-terminal check --json` found."""
    if "findings" not in answer:
        return [wrong("check", str(one)) for one in answer.get("errors", [answer.get("error", "no answer")])]
    return [
        Finding(str(one["what"]), Verdict(one["verdict"]), str(one["text"])) for one in answer["findings"]
    ]
