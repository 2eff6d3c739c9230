"""Every lamp and buzzer: shown, and seen or heard by somebody."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.indicator import OWN_OUTPUTS, Output, Pattern, Rhythm
from provisioning.selftest.person import NO, YES, Asked, Question
from provisioning.selftest.visit import Visit, failed, passed
from sync.as_built import Check


def probe(visit: Visit) -> Iterator[Check]:
    """Lamps on our lines first, then those in the readers' housings."""
    for name, reader in visit.config.readers.items():
        for role in reader.indicator:
            line = f"readers.{name}.indicator.{role}"
            visit.bench.pulse(line, visit.pace.click_s)
            yield _judged(visit, line, f"Did the {role} of reader {name} work just now?")
        if visit.bench.own_lamps(name):
            for output in OWN_OUTPUTS:
                yield _own(visit, name, output)


def _own(visit: Visit, reader: str, output: Output) -> Check:
    length_s = max(0.03, min(3.0, visit.pace.click_s))
    visit.bench.show(reader, Pattern(frozenset({output}), Rhythm(1, length_s, 0.1), repeats=False))
    visit.bench.pause(length_s)
    question = f"Did the {output.value} in the housing of reader {reader} work just now?"
    return _judged(visit, f"readers.{reader}.own.{output.value}", question)


def _judged(visit: Visit, subject: str, text: str) -> Check:
    if visit.person.ask(Question(Asked.SHOWN, subject, text, (YES, NO))) == YES:
        return passed(subject, "seen or heard")
    return failed(subject, "not seen or heard: look at its line, its wire and its polarity ('active_low')")
