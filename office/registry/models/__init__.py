"""The registry's models; a file for each subject."""

from office.registry.models.alarms import Alarm, AlarmKind, HubAlarmCount
from office.registry.models.archive import ArchivedForm, Form
from office.registry.models.audit import AuditEntry
from office.registry.models.cards import (
    Application,
    CardKind,
    Chip,
    DoorException,
    Issue,
    IssueState,
    IssueStep,
    Origin,
    Signature,
    SignatureKind,
)
from office.registry.models.cases import CaseState, LossCase, LossKind, StopReceipt
from office.registry.models.events import EventBoot, EventLog, Outcome, UsageEvent, WatchMark
from office.registry.models.gates import Door, EstateRules, GateGrant, GateSite, Holiday, Schedule
from office.registry.models.imports import ImportBatch
from office.registry.models.money import (
    Account,
    CashClosing,
    EntryKind,
    LedgerEntry,
    Payment,
    PaymentKind,
    PaymentMethod,
)
from office.registry.models.moves import (
    LiftUse,
    MovedCard,
    MoveOut,
    MoveState,
    ReleaseSlip,
    Settlement,
    SettlementKind,
    SlipPassing,
    SlipSeen,
    SlipState,
    Tenancy,
)
from office.registry.models.people import MemberRole, Membership, Person, RelationKind, Vehicle
from office.registry.models.places import Place, PlaceKind, UnitUse
from office.registry.models.policy import Policy
from office.registry.models.staff import Assignment, Deputy, StaffRole

__all__ = [
    "Account",
    "Alarm",
    "AlarmKind",
    "Application",
    "ArchivedForm",
    "Assignment",
    "AuditEntry",
    "CardKind",
    "CaseState",
    "CashClosing",
    "Chip",
    "Deputy",
    "Door",
    "DoorException",
    "EntryKind",
    "EstateRules",
    "EventBoot",
    "EventLog",
    "Form",
    "GateGrant",
    "GateSite",
    "Holiday",
    "HubAlarmCount",
    "ImportBatch",
    "Issue",
    "IssueState",
    "IssueStep",
    "LedgerEntry",
    "LiftUse",
    "LossCase",
    "LossKind",
    "MemberRole",
    "Membership",
    "MoveOut",
    "MoveState",
    "MovedCard",
    "Origin",
    "Outcome",
    "Payment",
    "PaymentKind",
    "PaymentMethod",
    "Person",
    "Place",
    "PlaceKind",
    "Policy",
    "RelationKind",
    "ReleaseSlip",
    "Schedule",
    "Settlement",
    "SettlementKind",
    "Signature",
    "SignatureKind",
    "SlipPassing",
    "SlipSeen",
    "SlipState",
    "StaffRole",
    "StopReceipt",
    "Tenancy",
    "UnitUse",
    "UsageEvent",
    "Vehicle",
    "WatchMark",
]
