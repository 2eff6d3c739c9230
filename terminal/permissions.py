"""The gate's permission list as decisions need it: records and rules of one moment.

The settings are compiled when they change, not per tap. What goes wrong is reported
once per change, never per tap.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct
from msgspec.structs import replace

from sync.codec import CodecError
from sync.records import Credential, MappingRule, Record
from sync.settings_encoding import decode_settings
from terminal.core.rules import Rules, compile_rules
from terminal.stores.confirmation import NEVER, Confirmation
from terminal.stores.list_format import ListHead, ListUnavailableError, NoListError
from terminal.stores.list_index import ListIndex, ListState

WHOLE_NUMBER = MappingRule()
MAX_TOLD = 64
"""Bound of what was told of one list; a list with more damaged rows tells some of them again."""


class Found(Struct, frozen=True):
    """What the list says about a credential, with the rules to judge it by."""

    records: tuple[Record, ...]
    rules: Rules
    confirmed_at: int
    """When the office last said that this is the newest list, UTC seconds; at least its issue time."""


class ListReport(Struct, frozen=True):
    """The state of the list changed: another list, a fault, none at all."""

    state: ListState | None
    """The list that answers; ``None`` when none does."""
    fault: str
    """Why the list in force does not answer; empty if it does."""
    repeated: bool = False
    """The same of the same list was heard before, and no other list came since: nothing to tell."""


class Permissions:
    """Look-ups in the list in force; ``on_change`` hears of every new state of it.

    The list of another gate is none: its door ids are the same, its cards are not.
    """

    def __init__(
        self, index: ListIndex, on_change: Callable[[ListReport], None], *, estate_id: bytes, gate_id: int
    ) -> None:
        self._index = index
        self._estate_id = estate_id
        self._gate_id = gate_id
        self._on_change = on_change
        self._state: ListState | None = None
        self._rules: Rules | None = None
        self._reported = ListReport(None, "")
        self._told: set[tuple[ListHead | None, str]] = set()
        self._confirmation = NEVER

    @property
    def rules(self) -> Rules | None:
        """The compiled settings of the list in force; ``None`` while none can be used."""
        return self._rules

    @property
    def state(self) -> ListState | None:
        """The list that answered last."""
        return self._state

    @property
    def fault(self) -> str:
        """Why the list in force does not answer; empty if it does."""
        return self._reported.fault

    def confirm(self, confirmation: Confirmation) -> None:
        """The sync side heard from the office which list is the newest."""
        self._confirmation = confirmation

    def confirmed_at(self, head: ListHead) -> int:
        """When the office last stood by this list, UTC seconds."""
        if self._confirmation.version != head.version:
            return head.issued_at
        return max(head.issued_at, self._confirmation.utc)

    def mapping(self, reader: int) -> MappingRule:
        """How this reader's raw numbers become canonical."""
        return WHOLE_NUMBER if self._rules is None else self._rules.mappings.get(reader, WHOLE_NUMBER)

    def look_up(self, credential: Credential) -> Found | None:
        """The records of ``credential``; ``None`` when no list can be believed or used."""
        try:
            found = self._index.lookup(credential.key)
        except (NoListError, ListUnavailableError) as error:
            self._use(None, str(error))
            return None
        if found.state is not self._state:
            self._use(found.state, self._index.fault or "")
        if self._rules is None:
            return None
        return Found(found.records, self._rules, self.confirmed_at(found.state.head))

    def refresh(self) -> None:
        """Look at the list in force anew: at the start, and when told that it changed."""
        try:
            state = self._index.refresh()
        except (NoListError, ListUnavailableError) as error:
            self._use(None, str(error))
            return
        self._use(state, self._index.fault or "")

    def look(self) -> None:
        """Notice another list without a tap; try a failed one again. Costs a look-up."""
        if self._state is None or self._reported.fault:
            self.refresh()
            return
        try:
            self._use(self._index.lookup(b"").state, self._index.fault or "")
        except (NoListError, ListUnavailableError) as error:
            self._use(None, str(error))

    def distrust(self, cause: str) -> None:
        """The list in force was found damaged: the one before stands in for it."""
        self._index.distrust(cause)
        self.refresh()

    def close(self) -> None:
        """Release the list's files."""
        self._index.close()

    def _use(self, state: ListState | None, fault: str) -> None:
        if state is not None and (state.head.estate_id, state.head.gate_id) != (
            self._estate_id,
            self._gate_id,
        ):
            fault = (
                f"the list is of gate {state.head.gate_id} of estate {state.head.estate_id.hex()}:"
                " correct the configuration, or send this gate's own list"
            )
            state = None
        if state is None:
            self._rules = None
        elif self._state is None or self._rules is None or state.settings != self._state.settings:
            self._rules, problem = compiled(state.settings)
            fault = fault or problem
        self._state = state
        report = ListReport(state, fault)
        if report != self._reported:
            self._reported = report
            self._on_change(replace(report, repeated=self._was_told(report)))

    def _was_told(self, report: ListReport) -> bool:
        """A damaged row fails at each tap that meets it, and in between the list answers: told once."""
        news = (None if report.state is None else report.state.head, report.fault)
        if (not report.fault and news not in self._told) or len(self._told) >= MAX_TOLD:
            self._told.clear()
        told = news in self._told
        self._told.add(news)
        return told


def compiled(settings: bytes) -> tuple[Rules | None, str]:
    """The rules of a list's settings, or why this gate cannot use them."""
    try:
        decoded = decode_settings(settings)
        return compile_rules(decoded, ZoneInfo(decoded.time_zone)), ""
    except CodecError as error:
        return None, f"the list's settings cannot be read: {error}"
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        return None, f"the list's time zone is not known here ({error}); install the package tzdata"
