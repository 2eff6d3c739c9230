"""Files that the Debian package puts under /usr, and that we put under /etc on a machine without it."""

from __future__ import annotations

from typing import Final

from provisioning.items import File, Item
from provisioning.step import State, done
from provisioning.visit import Visit

PLACES: Final = {
    "system": ("/usr/lib/systemd/system", "/etc/systemd/system"),
    "sysusers.d": ("/usr/lib/sysusers.d", "/etc/sysusers.d"),
    "tmpfiles.d": ("/usr/lib/tmpfiles.d", "/etc/tmpfiles.d"),
    "udev": ("/usr/lib/udev/rules.d", "/etc/udev/rules.d"),
    "polkit": ("/usr/share/polkit-1/rules.d", "/etc/polkit-1/rules.d"),
    "modprobe.d": ("/usr/lib/modprobe.d", "/etc/modprobe.d"),
    "modules-load.d": ("/usr/lib/modules-load.d", "/etc/modules-load.d"),
    "system.conf.d": ("/usr/lib/systemd/system.conf.d", "/etc/systemd/system.conf.d"),
    "journald.conf.d": ("/usr/lib/systemd/journald.conf.d", "/etc/systemd/journald.conf.d"),
    "timesyncd.conf.d": ("/usr/lib/systemd/timesyncd.conf.d", "/etc/systemd/timesyncd.conf.d"),
}
"""Folder of systemd/ → where the package puts its files, and an administrator theirs (systemd/README.md)."""


def shipped(visit: Visit, pattern: str) -> list[Item]:
    """An item for each file of systemd/ that fits and that no package has put on the machine."""
    return [
        File(local, visit.data.read(name))
        for name in visit.data.names(pattern)
        if not visit.host.exists((places := places_of(name))[0])
        for local in places[1:]
    ]


def by_package(_visit: Visit) -> State:
    """How a step stands whose files are all there already, under /usr."""
    return done("the package's files are in force")


def places_of(name: str) -> tuple[str, str]:
    """The package's path of a file of systemd/, and the administrator's."""
    folder, _, file = name.partition("/")
    vendor, local = PLACES[folder]
    return f"{vendor}/{file}", f"{local}/{file}"


def in_force(visit: Visit, name: str) -> str:
    """Which of the two the machine goes by: an administrator's file goes before the package's.

    A copy of ours is none of theirs, and goes as soon as there is the package's.
    """
    vendor, local = places_of(name)
    if not visit.host.exists(vendor):
        return local
    return local if visit.host.exists(local) and visit.journal.change_of(local) is None else vendor
