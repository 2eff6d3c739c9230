"""Where a hub's store lies: a SQLite file, or a database of a PostgreSQL server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from office.errors import OfficeError

SCHEMES: Final = ("postgresql", "postgres")
_SECRET: Final = frozenset(("password", "passfile", "sslpassword"))
_PASSWORD_IN_TEXT: Final = re.compile(r"(://[^:/@\s]*):[^@\s]*@")


class PostgresAddress(Struct, frozen=True):
    """One office's database on a PostgreSQL server. Its password is in no address: addresses are shown."""

    url: str
    """``postgresql://USER@HOST/DATABASE``, as libpq reads it."""
    passfile: Path
    """What libpq takes the password from, if it is there; elsewhere libpq's own ways hold."""
    control: Path
    """The socket of the hub that serves from it."""

    def __str__(self) -> str:
        return self.url


StoreAddress = Path | PostgresAddress


def check_url(text: str, where: str) -> str:
    """A database's URL; raises ``OfficeError`` with ``where`` if it is none, or has a password in it."""
    try:
        parts = urlsplit(text)
        has_password, port = parts.password is not None, parts.port
        named = {name for name, _ in parse_qsl(parts.query)}
    except ValueError as error:
        raise OfficeError(f"{where}: {error}; write postgresql://USER@HOST/DATABASE") from None
    if has_password or named & _SECRET:
        raise OfficeError(
            f"{where}: leave the password out of the address, which others can read; put it in a file and"
            " say --database-password-file"
        )
    if parts.scheme not in SCHEMES or len(parts.path) < 2 or port == 0:
        shown = _PASSWORD_IN_TEXT.sub(r"\1:…@", text)
        raise OfficeError(f"{where}: {shown!r} is no postgresql://USER@HOST/DATABASE")
    return text
