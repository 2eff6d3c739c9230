"""The code that one helper and one browser share, and how each proves to the other that it has it.

The code itself never crosses the socket: another program that listens on the port while the
helper is away learns nothing from a page, and can give it no number.

    page → helper    HMAC(code, "page" · challenge · nonce · known)
    helper → page    HMAC(code, "helper" · nonce · what is told)

A challenge is the helper's and counts once; a nonce is the page's, new with each question.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from base64 import b32encode
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deskreader.errors import DeskReaderError

RandomBytes = Callable[[int], bytes]

CODE_BYTES: Final = 15
"""120 bits: 24 letters and digits, typed or copied once."""
CHALLENGE_BYTES: Final = 16
CHALLENGE_LASTS_S: Final = 120.0
"""Longer than a question waits for its answer."""
MAX_CHALLENGES: Final = 32
"""Whoever asks for more only makes the oldest void."""
_CODE: Final = re.compile(r"[A-Z2-7]{24}")
_PRIVATE: Final = 0o600


def make_code(random_bytes: RandomBytes) -> str:
    """A new code, in groups that are easy to type."""
    text = b32encode(random_bytes(CODE_BYTES)).decode("ascii")
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def plain(code: str) -> str:
    """The code without what people put between its letters; raises ``DeskReaderError`` if it is none."""
    text = re.sub(r"[\s-]", "", code).upper()
    if _CODE.fullmatch(text) is None:
        raise DeskReaderError("a code has 24 letters and digits (A to Z, 2 to 7)")
    return text


def write_code(path: Path, code: str) -> None:
    """Keep it, for this user alone; raises ``DeskReaderError``."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(code + "\n")
        beside.replace(path)
    except OSError as error:
        raise DeskReaderError(f"{path}: {error.strerror}; choose another file by --code-file") from None


def read_code(path: Path) -> str:
    """The code of this file; raises ``DeskReaderError`` if others may read it, or it holds none."""
    try:
        # Windows has no such modes: there the file lies in the user's own profile.
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise DeskReaderError(f"{path}: others may read it; run: chmod 600 {path}, then: pair --new")
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise DeskReaderError(f"{path}: {error.strerror}; make a code with: pair") from None
    except UnicodeDecodeError:
        raise DeskReaderError(f"{path}: holds no code; make one with: pair --new") from None
    try:
        return plain(text)
    except DeskReaderError as error:
        raise DeskReaderError(f"{path}: {error}; make one with: pair --new") from None


def proof(code: str, *parts: str) -> str:
    """That whoever says these parts has the code."""
    return hmac.new(code.encode("ascii"), "\n".join(parts).encode(), hashlib.sha256).hexdigest()


class Challenges:
    """Those that were given out and not used yet."""

    def __init__(self, random_bytes: RandomBytes) -> None:
        self._random_bytes = random_bytes
        self._open: OrderedDict[str, float] = OrderedDict()

    def give(self, now: float) -> str:
        """A new one."""
        made = self._random_bytes(CHALLENGE_BYTES).hex()
        self._open[made] = now
        while len(self._open) > MAX_CHALLENGES:
            self._open.popitem(last=False)
        return made

    def spend(self, challenge: str, now: float) -> bool:
        """Whether it is one of ours, fresh and unused; it is used from now on."""
        given = self._open.pop(challenge, None)
        return given is not None and now - given <= CHALLENGE_LASTS_S
