"""A system disk that is only read: what the gate keeps lies on a partition of its own (docs/adr/0012).

The root stays as it was mounted first by the kernel, read-only; nothing has to be installed or built into an
initial ramdisk, and `mount -o remount,rw /` is all that a later visit needs.
"""

from __future__ import annotations

import re
from typing import Final

from provisioning.errors import ProvisioningError
from provisioning.item_step import ItemStep
from provisioning.items import Edit, Item, with_block, without_block
from provisioning.step import State, cannot, done
from provisioning.steps.directories import ROOT_OF_STATE
from provisioning.visit import Visit

NAME: Final = "read-only-root"
FSTAB: Final = "/etc/fstab"
ROW: Final = re.compile(
    r"(?P<before>[^#\s]\S*\s+)(?P<point>/\S*)(?P<type>\s+\S+\s+)(?P<options>\S+)(?P<after>.*\n?)"
)
"""One line of fstab(5)."""
READ_ONLY: Final = ("/", "/boot", "/boot/firmware")
IN_MEMORY: Final = {
    "/tmp": "mode=1777,size=64M",  # noqa: S108 - the name of a mount point
    "/var/tmp": "mode=1777,size=16M",  # noqa: S108 - the same
    "/var/log": "mode=0755,size=48M",
    "/var/lib/systemd": "mode=0755,size=4M",
    "/var/lib/NetworkManager": "mode=0755,size=4M",
    "/var/lib/dhcpcd": "mode=0755,size=4M",
    "/var/spool": "mode=0755,size=4M",
}
"""What Debian's own services write at all times; each is only mounted where it exists."""


def step() -> ItemStep:
    """The step."""
    return ItemStep(NAME, "the system disk is only read", _items, proof=_proof)


def is_wanted(visit: Visit) -> bool:
    """As was chosen now, else as it is."""
    if visit.read_only_root is not None:
        return visit.read_only_root
    return bool(visit.journal.changes_of(NAME))


def mounted_read_only(text: str) -> str:
    """An fstab whose root and boot partitions are mounted read-only."""
    return "".join(_read_only(line) for line in text.splitlines(keepends=True))


def _items(visit: Visit) -> list[Item]:
    if not is_wanted(visit):
        return []
    text = visit.host.text(FSTAB)
    points = _mount_points(text)
    if ROOT_OF_STATE not in points:
        raise ProvisioningError(
            f"{visit.host.path(FSTAB)}: a system that is only read needs a partition of its own for"
            f" {ROOT_OF_STATE}, mounted there: make one (at least 1 GB, mkfs.ext4 -L gatehouse), add the line"
            f" 'LABEL=gatehouse {ROOT_OF_STATE} ext4 noatime 0 2', mount it and run this again; or leave"
            " --read-only-root out"
        )
    if "/" not in points:
        raise ProvisioningError(f"{visit.host.path(FSTAB)}: has no line for /; add one, as Debian has it")
    taken = _mount_points(without_block(text))
    lines = [
        f"tmpfs {point} tmpfs {options},nosuid,nodev 0 0"
        for point, options in IN_MEMORY.items()
        if point not in taken and visit.host.exists(point)
    ]
    block = with_block(lines)
    return [
        Edit(
            FSTAB,
            lambda now: block(mounted_read_only(now)),
            "mount the system read-only from the next boot on",
        )
    ]


def _mount_points(text: str) -> set[str]:
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {one[1] for one in rows if len(one) >= 4}


def _read_only(line: str) -> str:
    match = ROW.fullmatch(line)
    if match is None or match["point"] not in READ_ONLY:
        return line
    options = [one for one in match["options"].split(",") if one not in ("rw", "ro")]
    return f"{match['before']}{match['point']}{match['type']}{','.join([*options, 'ro'])}{match['after']}"


def _proof(visit: Visit) -> State:
    mounts = [line.split() for line in visit.host.text("/proc/mounts").splitlines()]
    root = [one[3].split(",") for one in mounts if len(one) > 3 and one[1] == "/"]
    if root and "ro" not in root[-1]:
        return cannot("the system is still mounted for writing: reboot once")
    return done()
