"""Events as fields and as one line: everything an event can hold, in a form that JSON and a person take."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sync.events import MAX_TEXT, Event, EventKind
from sync.records import ClockState, Credential, Direction, Reason, Technology
from terminal.event_view import event_fields, event_line

BOOT = bytes(16)
numbers = st.integers(0, 2**63)
events = st.builds(
    Event,
    st.sampled_from(EventKind),
    st.just(BOOT),
    numbers,
    st.none() | st.sampled_from([0, 253_370_764_800_999, 253_402_300_800_000, 2**63]) | numbers,
    st.sampled_from(ClockState),
    door=st.none() | numbers,
    reader=st.none() | numbers,
    direction=st.none() | st.sampled_from([Direction.IN, Direction.OUT, Direction.BOTH]),
    credential=st.none()
    | st.builds(Credential, st.sampled_from(Technology), st.binary(min_size=1, max_size=64)),
    issue_id=st.none() | numbers,
    grant_id=st.none() | numbers,
    reason=st.none() | st.sampled_from(Reason),
    detail=st.dictionaries(
        st.text(max_size=10), numbers | st.text(max_size=MAX_TEXT) | st.binary(max_size=MAX_TEXT), max_size=3
    ),
)


@given(number=numbers, event=events)
def test_any_event_can_be_shown(number: int, event: Event) -> None:
    fields = json.loads(json.dumps(event_fields(number, event)))
    line = event_line(fields)
    assert str(number) in line
    assert event.kind.name.lower() in line
    assert line.isprintable()


def test_a_tap_reads_as_one_line() -> None:
    credential = Credential(Technology.ISO14443A, bytes.fromhex("04a10001"))
    event = Event(
        EventKind.TAP,
        BOOT,
        5_000,
        1_800_000_000_250,
        ClockState.SUSPECT,
        door=1,
        reader=2,
        direction=Direction.IN,
        credential=credential,
        grant_id=101,
        reason=Reason.OUTSIDE_HOURS,
        detail={"companion": b"\x01\x02"},
    )
    assert event_line(event_fields(7, event)) == (
        "     7  2027-01-15T08:00:00.250Z  tap  outside_hours  door=1  reader=2  direction=in"
        "  credential=iso14443a:04a10001  grant_id=101  companion=0102  (clock suspect)"
    )


def test_without_wall_time_the_time_since_boot_is_shown() -> None:
    event = Event(EventKind.STARTED, BOOT, 12_345, None, ClockState.UNKNOWN)
    assert event_line(event_fields(1, event)) == "     1  boot+12.3s  started  (clock unknown)"
