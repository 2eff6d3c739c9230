"""A gate's own key: made at the gate, never leaves it, known to the office by its public half.

One line of text, readable by its owner alone:
``gatehouse-gate-key 1 SEED PUBLIC`` (both in hexadecimal). The public half is there so
that a damaged seed is noticed, instead of being another gate's key.

The fingerprint stands on the gate's label and on the office's screen: a technician
compares the two before the office takes a gate into its register.
"""

from __future__ import annotations

import contextlib
import os
import stat
from base64 import b32encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from sync.keys import PUBLIC_KEY_BYTES, SEED_BYTES, SigningKey

KEY_FILE: Final = "gate.key"
"""Its name, in the directory that the sync process writes."""
PRIVATE_MODE: Final = 0o600
MAX_FILE_BYTES: Final = 200
FINGERPRINT_BYTES: Final = 10
"""80 bits: nobody makes a second key that reads the same."""
_FINGERPRINT_DOMAIN: Final = b"gatehouse fingerprint v1\0"
_GROUP: Final = 4

RandomBytes = Callable[[int], bytes]


class GateKeyError(Exception):
    """The key file cannot be used; the text says what, where and the cure."""


class GateKey(Struct, frozen=True):
    """The key of this gate."""

    key: SigningKey
    made: bool
    """It was made just now: the office does not know it yet."""


def fingerprint(public: bytes) -> str:
    """A public key as people compare it: four groups of four letters and digits (no 0, 1, 8, 9)."""
    if len(public) != PUBLIC_KEY_BYTES:
        raise ValueError(f"a public key has {PUBLIC_KEY_BYTES} bytes, not {len(public)}")
    text = b32encode(sha256(_FINGERPRINT_DOMAIN + public).digest()[:FINGERPRINT_BYTES]).decode("ascii")
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def load_or_make(path: Path, *, random_bytes: RandomBytes) -> GateKey:
    """The key in ``path``; where there is no file, a new one, durable before it is answered.

    Raises:
        GateKeyError: the file is another user's, open to others, damaged, or cannot be made.
    """
    key = load(path)
    if key is not None:
        return GateKey(key, made=False)
    made = SigningKey(random_bytes(SEED_BYTES))
    try:
        _create(path, _written(made))
    except FileExistsError:  # another process was faster: its key is this gate's
        key = load(path)
        if key is None:
            raise GateKeyError(f"{path}: appeared and vanished; start only one process with it") from None
        return GateKey(key, made=False)
    except OSError as error:
        raise GateKeyError(
            f"{path}: cannot be made ({error.strerror}); check free space, owner and mode of its directory"
        ) from error
    return GateKey(made, made=True)


def load(path: Path) -> SigningKey | None:
    """The key in ``path``; ``None`` if there is no file.

    Raises:
        GateKeyError: the file is another user's, open to others, or damaged.
    """
    try:
        # A link could lead to a file that others write.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GateKeyError(
            f"{path}: cannot be read ({error.strerror}); it must be a plain file of user {os.geteuid()}"
        ) from error
    try:
        _check_private(path, os.fstat(handle))
        data = os.read(handle, MAX_FILE_BYTES + 1)
    except OSError as error:
        raise GateKeyError(f"{path}: cannot be read ({error.strerror})") from error
    finally:
        os.close(handle)
    return _parse(path, data)


def _check_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise GateKeyError(f"{path}: is no plain file; remove it, and a new key is made")
    if status.st_uid != os.geteuid():
        raise GateKeyError(
            f"{path}: belongs to user {status.st_uid}, this process runs as {os.geteuid()}:"
            " run it as the key's owner"
        )
    if status.st_mode & 0o077:
        raise GateKeyError(
            f"{path}: other users may read this gate's key; run chmod 600 on it, and if somebody may have"
            " read it, remove it and let the office register the new one"
        )


def _parse(path: Path, data: bytes) -> SigningKey:
    key = None
    with contextlib.suppress(ValueError, IndexError):
        key = SigningKey(bytes.fromhex(data.decode("ascii").split(" ")[2]))
    if key is None or _written(key) != data:
        raise GateKeyError(
            f"{path}: damaged; remove it, start again, and let the office register the new key"
        )
    return key


def _written(key: SigningKey) -> bytes:
    return f"gatehouse-gate-key 1 {key.seed.hex()} {key.public.hex()}\n".encode()


def _create(path: Path, data: bytes) -> None:
    """A new file of this content, whole or not at all; raises ``FileExistsError`` if there is one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_MODE)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, PRIVATE_MODE)  # whatever the umask takes away
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.link(beside, path)  # unlike a rename it never replaces a key
    finally:
        beside.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
