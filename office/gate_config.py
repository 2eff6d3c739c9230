"""The configuration that a site bundle brings: what was written for the gate, and who the gate is.

A person writes doors, readers and the link (docs/configuration.md); name, id, estate and
roots are the office's to say, and are put in where the file leaves them out.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Final

from office.errors import OfficeError
from sync.bundle_content import MAX_CONFIG_BYTES

_SECTION: Final = "[gate]"


def read_gate_config(path: Path, identity: dict[str, object]) -> bytes:
    """The file with ``identity`` (name, id, estate, roots) in its section ``[gate]``.

    Raises:
        OfficeError: it cannot be read, is no TOML, or says that it is another gate's.
    """
    text = _read(path)
    gate = _section(path, text)
    for name, value in identity.items():
        if name in gate and gate[name] != value:
            raise OfficeError(
                f"{path}: [gate] {name} is {gate[name]!r}, for this gate it must be {value!r}; correct it or"
                " leave the line out"
            )
    lines = [f"{name} = {_as_toml(value)}" for name, value in identity.items() if name not in gate]
    made = _with_lines(text, lines)
    if _section(path, made) != {**gate, **identity}:
        raise OfficeError(
            f"{path}: write a line {_SECTION} of its own into it, for what the office puts there"
        )
    return made.encode("utf-8")


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
        text = data.decode("utf-8")
    except OSError as error:
        raise OfficeError(f"{path}: cannot be read ({error.strerror}); give the gate's TOML file") from error
    except UnicodeDecodeError:
        raise OfficeError(f"{path}: is no text in UTF-8; give the gate's TOML file") from None
    if len(data) > MAX_CONFIG_BYTES:
        raise OfficeError(f"{path}: larger than {MAX_CONFIG_BYTES} bytes; this is no gate's configuration")
    return text


def _section(path: Path, text: str) -> dict[str, Any]:
    try:
        gate = tomllib.loads(text).get("gate", {})
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise OfficeError(f"{path}: not TOML: {error}") from None
    if not isinstance(gate, dict):
        raise OfficeError(f"{path}: 'gate' must be a section")
    return gate


def _as_toml(value: object) -> str:
    """JSON is TOML for our values, but for two signs: TOML knows no surrogates and no bare DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _with_lines(text: str, lines: list[str]) -> str:
    if not lines:
        return text
    rows = text.splitlines(keepends=True)
    at = next((number for number, row in enumerate(rows) if row.split("#")[0].strip() == _SECTION), None)
    if at is None:
        return "\n".join([_SECTION, *lines, "", text])
    head = rows[at] if rows[at].endswith("\n") else rows[at] + "\n"
    return "".join([*rows[:at], head, *(f"{one}\n" for one in lines), *rows[at + 1 :]])
