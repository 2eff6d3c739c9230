"""People on a time-table."""

from __future__ import annotations

from drivers.ports import CardRead, Technology
from drivers.readers.sim import Settings, open_reader
from tests.support.virtual_person import VirtualPerson

CARD = b"\x04\xa1\x00\x01"


def test_a_card_is_in_the_field_for_so_long_and_seen_as_often_as_its_reader_sends() -> None:
    now = 10.0
    reader = open_reader(Settings(), lambda: now)
    reader.read_events()
    person = VirtualPerson()
    person.hold_card(reader, Technology.ISO14443A, CARD, now, for_s=1.0, again_s=0.4)
    assert [type(one) for one in reader.read_events()] == [CardRead]
    seen = []
    while (due := person.next_deadline()) is not None:
        now = due
        person.on_time(now)
        seen += [one.read_at for one in reader.read_events() if isinstance(one, CardRead)]
    assert now == 11.0
    assert [round(one, 3) for one in seen] == [10.4, 10.8]
    reader.fail("away")
    reader.repair()
    assert not [one for one in reader.read_events() if isinstance(one, CardRead)], "it was taken away"
    reader.close()


def test_deeds_are_done_in_order_each_at_its_own_moment_and_may_begin_others() -> None:
    person = VirtualPerson()
    done: list[tuple[str, float]] = []

    def first(at: float) -> None:
        done.append(("first", at))
        person.at(at + 1, lambda later: done.append(("then", later)))

    person.at(5.0, lambda at: done.append(("last", at)))
    person.at(1.0, first)
    person.on_time(4.0)
    assert done == [("first", 1.0), ("then", 2.0)]
    assert person.next_deadline() == 5.0
    person.on_time(5.0)
    assert (done[-1], person.next_deadline()) == (("last", 5.0), None)
