"""Single key files, in the office's directory, on a stick or on the manager's computer.

NAME.key   private seed in hexadecimal, readable by its owner alone
NAME.pub   public key in hexadecimal
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from office.errors import OfficeError
from office.files import PRIVATE, READABLE, write_atomic
from sync.keys import PUBLIC_KEY_BYTES, SEED_BYTES, SigningKey

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")

RandomBytes = Callable[[int], bytes]
"""A source of cryptographic randomness, such as `secrets.token_bytes`."""


def check_name(name: str) -> None:
    """Whether a key may have this name."""
    if not _NAME.fullmatch(name):
        raise OfficeError(f"key name {name!r}: lower-case letters, digits and hyphens, 32 at most")


def make_pair(directory: Path, name: str, *, private_in: Path, random_bytes: RandomBytes) -> bytes:
    """A new key pair, its private half in ``private_in``; returns the public one. A name is used once."""
    check_name(name)
    public_path, private_path = directory / f"{name}.pub", private_in / f"{name}.key"
    for path in (public_path, private_path):
        if path.exists() or path.is_symlink():
            raise OfficeError(f"{path.parent}: has a key {name!r} already; choose another name")
    if not private_in.is_dir():
        raise OfficeError(
            f"{private_in}: no such directory; is the stick for private keys there and mounted?"
        )
    key = SigningKey(random_bytes(SEED_BYTES))
    write_atomic(private_path, key.seed.hex().encode(), mode=PRIVATE)
    try:
        read_private(private_path)  # a medium that cannot keep it from others is noticed now
    except OfficeError:
        private_path.unlink()
        raise
    write_atomic(public_path, key.public.hex().encode(), mode=READABLE)
    return key.public


def read_private(path: Path) -> SigningKey:
    """The private key in a file; refuses one that others may read."""
    if path.is_file() and path.stat().st_mode & 0o077:
        raise OfficeError(
            f"{path}: other users may read this private key; run chmod 600 on it"
            " (a FAT stick must be mounted with umask=077)"
        )
    return SigningKey(read_hex(path, SEED_BYTES))


def read_public(text: str) -> bytes:
    """A public key that came as hexadecimal digits or as the path of a file with them."""
    if len(text) == 2 * PUBLIC_KEY_BYTES:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    return read_hex(Path(text), PUBLIC_KEY_BYTES)


def read_hex(path: Path, length: int) -> bytes:
    """The bytes that a file holds in hexadecimal; errors never show them."""
    try:
        data = bytes.fromhex(path.read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError):
        raise OfficeError(f"{path}: no such file; is this the key directory?") from None
    except PermissionError:
        raise OfficeError(f"{path}: not readable by {os.getuid()}; run as the keys' owner") from None
    except ValueError:
        data = b""
    if len(data) != length:
        raise OfficeError(f"{path}: must hold {2 * length} hexadecimal digits; restore it from a copy")
    return data
