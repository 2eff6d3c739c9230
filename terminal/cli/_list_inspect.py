"""``list inspect FILE``: what is in an update, whoever sent it; nothing is believed or changed."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sync.chain import Anchor, Withdrawn, known_delegations, newest_withdrawals, verify_signers
from sync.codec import CodecError
from sync.content import MemoryContent
from sync.delta import ReplaceSettings, decode_delta
from sync.encoding import decode_record, decode_settings
from sync.envelope import Envelope, ListStatement, UpdateKind, parse_envelope
from sync.records import Grant, ListSettings
from sync.refusal import ListRefusedError, MalformedError, UnknownKeyError
from sync.snapshot import decode_content
from terminal.check import load_config
from terminal.cli._answer import EXIT_NO, Answer, Fields, say
from terminal.cli._gate_time import time_keeper
from terminal.cli._list_file import read_update, refusal
from terminal.cli._words import utc_text
from terminal.list_updates import anchor_of


def run(arguments: argparse.Namespace) -> int:
    """Inspect; 1 for what is no update, or (with ``--config``) one this gate's roots do not stand behind."""
    return say(arguments, lambda: _inspect(arguments.file, arguments.config))


def _inspect(path: Path, config_path: Path | None) -> Answer:
    try:
        data = read_update(path)
        envelope = parse_envelope(data)
        fields = {**_header(envelope, len(data)), **_content(envelope.statement)}
    except ListRefusedError as refused:
        raise refusal(path, refused) from refused
    believed = True
    if config_path is not None:
        config = load_config(config_path)
        fields["trust"] = _trust(envelope, anchor_of(config), time_keeper(config)[0].floor)
        believed = fields["trust"]["believed"]
    return Answer(fields, "\n".join(_lines(fields)), 0 if believed else EXIT_NO)


def _header(envelope: Envelope, size: int) -> Fields:
    statement = envelope.statement
    return {
        "kind": statement.kind.name.lower(),
        "estate": statement.estate_id.hex(),
        "gate": statement.gate_id,
        "version": str(statement.version),
        "builds_on": statement.previous if statement.kind is UpdateKind.DELTA else None,
        "issued_at": statement.issued_at,
        "digest": statement.digest.hex(),
        "bytes": size,
        "signed_by": [one.key_id.hex() for one in envelope.signatures],
        "delegations": len(envelope.delegations),
        "withdrawals": envelope.withdrawals is not None,
    }


def _content(statement: ListStatement) -> Fields:
    try:
        if statement.kind is UpdateKind.SNAPSHOT:
            return _snapshot(statement)
        return _delta(statement)
    except CodecError as error:
        raise MalformedError(f"its content is not of the format: {error}; fetch it again") from None


def _snapshot(statement: ListStatement) -> Fields:
    settings, stored = decode_content(statement.content)
    records = [decode_record(one) for one in stored]
    found = MemoryContent(settings, stored).digest(
        estate_id=statement.estate_id, gate_id=statement.gate_id, version=statement.version
    )
    return {
        "digest_fits": found == statement.digest,
        "credentials": len({one.credential for one in records}),
        "grants": _counts(one.kind.name for one in records if isinstance(one, Grant)),
        "ended": _counts(one.reason.name for one in records if not isinstance(one, Grant)),
        "settings": _settings(decode_settings(settings)),
    }


def _delta(statement: ListStatement) -> Fields:
    steps = decode_delta(statement.content)
    replaced = [one.settings for one in steps if isinstance(one, ReplaceSettings)]
    return {
        "steps": _counts(type(one).__name__ for one in steps),
        "settings": _settings(decode_settings(replaced[-1])) if replaced else None,
    }


def _settings(settings: ListSettings) -> Fields:
    return {
        "time_zone": settings.time_zone,
        "doors": [one.door_id for one in settings.doors],
        "schedules": len(settings.schedules),
        "holidays": len(settings.holidays),
        "outages": len(settings.outages),
    }


def _counts(names: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(name.lower() for name in names).items()))


def _trust(envelope: Envelope, anchor: Anchor, floor: int) -> Fields:
    """Whether the signatures hold by what the file itself brings; the list in force plays no part."""
    statement = envelope.statement
    here = (statement.estate_id, statement.gate_id) == (anchor.estate_id, anchor.gate_id)
    try:
        withdrawn = newest_withdrawals(anchor, Withdrawn(), envelope.withdrawals)
        delegations = known_delegations(anchor, withdrawn, (), envelope.delegations)
        signers = verify_signers(anchor, withdrawn, delegations, envelope, floor)
    except ListRefusedError as refused:
        why = str(refused)
        if isinstance(refused, UnknownKeyError) and not envelope.delegations:
            why += " (the file brings no delegations: the gate may know them from an earlier list)"
        return {"believed": False, "for_this_gate": here, "attack": refused.attack, "why": why}
    roles = sorted(one.name.lower() for one in signers.roles) + (["root"] if signers.root else [])
    return {"believed": here, "for_this_gate": here, "signed_as": roles}


def _lines(fields: Fields) -> Iterator[str]:
    base = "" if fields["builds_on"] is None else f", builds on revision {fields['builds_on']}"
    issued = utc_text(fields["issued_at"])
    yield f"{fields['kind']} {fields['version']}{base}, {fields['bytes']} bytes, issued {issued}"
    yield f"for gate {fields['gate']} of estate {fields['estate']}"
    also = " and withdrawals" if fields["withdrawals"] else ""
    yield f"signed by keys {', '.join(fields['signed_by'])}; brings {fields['delegations']} delegations{also}"
    yield f"digest {fields['digest']}"
    if "steps" in fields:
        yield f"steps: {_named(fields['steps'])}"
    else:
        if not fields["digest_fits"]:
            yield "THE CONTENT DOES NOT HAVE THIS DIGEST"
        grants, ended = _named(fields["grants"]), _named(fields["ended"])
        yield f"{fields['credentials']} credentials; grants: {grants}; ended: {ended}"
    if (settings := fields["settings"]) is not None:
        doors = ", ".join(map(str, settings["doors"])) or "none"
        yield f"settings: {settings['time_zone']}, doors {doors}, {settings['schedules']} schedules"
    if "trust" in fields:
        yield _trust_text(fields["trust"])


def _trust_text(trust: Fields) -> str:
    place = "" if trust["for_this_gate"] else "; it is NOT for this gate"
    if "attack" in trust:
        return f"not believed, {trust['attack']}: {trust['why']}{place}"
    return f"the signatures hold, signed as {' and '.join(trust['signed_as'])}{place}"


def _named(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
