"""The one base of what provisioning cannot do; each text says what, where and the cure."""

from __future__ import annotations


class ProvisioningError(Exception):
    """Something cannot be done; nothing of it is half done that the journal does not know."""


class RefusedError(ProvisioningError):
    """Refused before anything was touched; one line for each reason."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


class DayError(ProvisioningError):
    """What was given for today cannot be today."""


class DiskError(ProvisioningError):
    """A file cannot be read or written: full, read-only, damaged, or not ours to touch."""


class JournalError(ProvisioningError):
    """The journal of the visit cannot be used."""
