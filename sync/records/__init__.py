"""The records of a permission list (format v1): plain, frozen data and their own rules.

This package does no I/O and reads no clock. Times are UTC seconds since 1970.
"""

from sync.records.clock import ClockState
from sync.records.credential import (
    MAX_NUMBER_BYTES,
    ByteOrder,
    Credential,
    MappingRule,
    RecordError,
    Technology,
    canonical,
    project,
)
from sync.records.grant import (
    Access,
    Direction,
    Grant,
    GrantKind,
    Pin,
    PinMatch,
    Record,
    RevocationReason,
    Tombstone,
)
from sync.records.reason import Reason
from sync.records.settings import (
    DoorMode,
    DoorPolicy,
    Holiday,
    KindPolicy,
    ListSettings,
    ModeWindow,
    OutageWindow,
    PassbackArea,
    PassbackMode,
    PinOnly,
    Schedule,
    Utility,
    Window,
)

__all__ = [
    "MAX_NUMBER_BYTES",
    "Access",
    "ByteOrder",
    "ClockState",
    "Credential",
    "Direction",
    "DoorMode",
    "DoorPolicy",
    "Grant",
    "GrantKind",
    "Holiday",
    "KindPolicy",
    "ListSettings",
    "MappingRule",
    "ModeWindow",
    "OutageWindow",
    "PassbackArea",
    "PassbackMode",
    "Pin",
    "PinMatch",
    "PinOnly",
    "Reason",
    "Record",
    "RecordError",
    "RevocationReason",
    "Schedule",
    "Technology",
    "Tombstone",
    "Utility",
    "Window",
    "canonical",
    "project",
]
