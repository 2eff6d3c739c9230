"""The as-built file: what a technician built and tested at a gate, signed by the gate's own key.

The file is JSON that people can read. Its signature covers the values and not their spelling:
it is made over the same values in the strict form of every statement,

    [1, estate, gate, name, made at or None, clock state, software, machine, maintenance, simulated,
     SHA-256 of the configuration, [[part, what], …], [[check, result, text], …]]

so that an editor's line ends break nothing. It holds no card number, no name, no address.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum, unique
from typing import Final

import msgspec
from msgspec import Struct

from sync.codec import CodecError, encode
from sync.digest import ESTATE_ID_BYTES
from sync.fields import array, member, octets, optional, text, truth, whole
from sync.keys import AS_BUILT_DOMAIN, SIGNATURE_BYTES, SigningKey
from sync.records import ClockState
from sync.statements.refusal import StatementError
from sync.statements.wire import (
    STATEMENT_VERSION,
    Form,
    Parts,
    Sender,
    destination,
    open_from_gate,
    parse,
)

FORMAT: Final = "gatehouse as built 1"
MAX_FILE_BYTES: Final = 256 * 1024
MAX_PARTS: Final = 256
MAX_CHECKS: Final = 512
MAX_NAME: Final = 100
MAX_TEXT: Final = 240
DIGEST_BYTES: Final = 32
LAST_UTC: Final = 253_402_300_799
"""The last second of the year 9999: what a printed date can show."""
FORM: Final = Form(
    "as-built file", AS_BUILT_DOMAIN, parts=13, max_body_bytes=MAX_FILE_BYTES, max_items=4096, max_depth=3
)
_CLOCKS: Final = {int(one): one for one in ClockState}


class AsBuiltError(ValueError):
    """The bytes are no as-built file, or not one to believe; the text says why, for a person."""


@unique
class Result(StrEnum):
    """What came of one check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It was not made: there is nothing to check, or the technician left it out. The text says which."""


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that was built in."""

    name: str
    """Its section of the configuration."""
    what: str


class Check(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that was looked at or tried."""

    name: str
    result: Result
    text: str
    """What was found, and the cure where it is wrong."""


class AsBuilt(Struct, frozen=True):
    """One visit's outcome."""

    estate_id: bytes
    gate_id: int
    name: str
    made_at: int | None
    """UTC second; ``None`` while the gate's clock was unknown."""
    clock: ClockState
    software: str
    machine: str
    maintenance: bool
    """Whether the gate's maintenance mode was open: the office knew of the visit."""
    simulated: bool
    """Some hardware was simulated, or nobody was asked: it proves no wiring."""
    config_digest: bytes
    parts: tuple[Part, ...]
    checks: tuple[Check, ...]

    def count(self, result: Result) -> int:
        """How many checks came out so."""
        return sum(one.result is result for one in self.checks)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """The file as JSON has it."""

    format: str
    estate: str
    gate: int
    name: str
    made_at: int | None
    clock: str
    software: str
    machine: str
    maintenance: bool
    simulated: bool
    config_sha256: str
    parts: tuple[Part, ...]
    checks: tuple[Check, ...]
    signature: str


def sign_as_built(built: AsBuilt, key: SigningKey) -> bytes:
    """The file of this outcome; raises ``CodecError`` for one outside the format."""
    parts = _parts(built)
    _read(parts)
    file = _File(
        format=FORMAT,
        estate=built.estate_id.hex(),
        gate=built.gate_id,
        name=built.name,
        made_at=built.made_at,
        clock=built.clock.name.lower(),
        software=built.software,
        machine=built.machine,
        maintenance=built.maintenance,
        simulated=built.simulated,
        config_sha256=built.config_digest.hex(),
        parts=built.parts,
        checks=built.checks,
        signature=key.sign(FORM.domain, _body(parts)).hex(),
    )
    return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"


def read_as_built(data: bytes) -> tuple[AsBuilt, bytes]:
    """What the file says, **unverified**, and its signature: to show it where it was made.

    Raises:
        AsBuiltError: it is too large, no such file, or outside the format.
    """
    if len(data) > MAX_FILE_BYTES:
        raise AsBuiltError(f"has more than {MAX_FILE_BYTES} bytes: this is no as-built file")
    try:
        file = msgspec.json.decode(data, type=_File)
        if file.format != FORMAT:
            raise AsBuiltError(
                f"is of format {file.format[:40]!r}, known here is {FORMAT!r}: update this side"
            )
        built = _from_file(file)
        _read(_parts(built))
        return built, octets(bytes.fromhex(file.signature), "signature", SIGNATURE_BYTES)
    except (CodecError, msgspec.MsgspecError, KeyError, ValueError, RecursionError) as error:
        if isinstance(error, AsBuiltError):
            raise
        raise AsBuiltError(f"is damaged or no as-built file: {error}; copy it from the gate again") from None


def verify_as_built(data: bytes, sender: Sender) -> AsBuilt:
    """What the file says, signed by this gate.

    Raises:
        AsBuiltError: it is no such file, of another gate or estate, or not signed by this gate's key.
    """
    built, signature = read_as_built(data)
    try:
        return parse(FORM, open_from_gate(FORM, encode([_body(_parts(built)), signature]), sender), _read)
    except StatementError as error:
        raise AsBuiltError(str(error)) from None


def _from_file(file: _File) -> AsBuilt:
    return AsBuilt(
        octets(bytes.fromhex(file.estate), "estate", ESTATE_ID_BYTES),
        file.gate,
        file.name,
        file.made_at,
        ClockState[file.clock.upper()],
        file.software,
        file.machine,
        file.maintenance,
        file.simulated,
        bytes.fromhex(file.config_sha256),
        file.parts,
        file.checks,
    )


def _body(parts: Parts) -> bytes:
    return encode([STATEMENT_VERSION, *parts])


def _parts(built: AsBuilt) -> list[object]:
    return [
        built.estate_id,
        built.gate_id,
        built.name,
        built.made_at,
        int(built.clock),
        built.software,
        built.machine,
        built.maintenance,
        built.simulated,
        built.config_digest,
        [[one.name, one.what] for one in built.parts],
        [[one.name, one.result.value, one.text] for one in built.checks],
    ]


def _read(parts: Parts) -> AsBuilt:
    estate_id, gate_id = destination(parts)
    built_in = tuple(_part(one) for one in array(parts[10], "parts", at_most=MAX_PARTS))
    checks = tuple(_check(one) for one in array(parts[11], "checks", at_most=MAX_CHECKS))
    _each_once("parts", [one.name for one in built_in])
    _each_once("checks", [one.name for one in checks])
    return AsBuilt(
        estate_id,
        gate_id,
        _line(parts[2], "name", MAX_NAME),
        optional(parts[3], _second, "made at"),
        member(_CLOCKS, parts[4], "clock state"),
        _line(parts[5], "software", MAX_NAME),
        _line(parts[6], "machine", MAX_TEXT),
        truth(parts[7], "maintenance"),
        truth(parts[8], "simulated"),
        octets(parts[9], "configuration's digest", DIGEST_BYTES),
        built_in,
        checks,
    )


def _part(value: object) -> Part:
    row = array(value, "part", length=2)
    return Part(_line(row[0], "part: name", MAX_NAME), _line(row[1], "part: what", MAX_TEXT))


def _check(value: object) -> Check:
    row = array(value, "check", length=3)
    try:
        result = Result(text(row[1], "check: result"))
    except ValueError:
        raise CodecError(f"check: result must be one of {', '.join(Result)}") from None
    return Check(_line(row[0], "check: name", MAX_NAME), result, _line(row[2], "check: text", MAX_TEXT))


def _line(value: object, what: str, at_most: int) -> str:
    """One printable line: it goes to a terminal and to paper."""
    words = text(value, what)
    if not 1 <= len(words) <= at_most or not words.isprintable():
        raise CodecError(f"{what}: must be one printable line of 1 to {at_most} characters")
    return words


def _second(value: object, what: str) -> int:
    return whole(value, what, at_most=LAST_UTC)


def _each_once(what: str, names: Sequence[str]) -> None:
    if len(names) != len(set(names)):
        raise CodecError(f"{what}: a name stands there twice")
