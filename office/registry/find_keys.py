"""What records are found by, as keys in order of their bytes: one of them begins with each part of a text.

Bytes, because they have one order in every database; a text's order is the database's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MOST: Final = 60
"""Characters of a key; nobody types more into a box."""
PAST_ALL: Final = b"\xff"
"""Above every byte of UTF-8: whatever begins with a key lies below the key with this behind it."""


def folded(text: str) -> str:
    """The text as it is compared: upper and lower case are one."""
    return text.casefold()


def key(text: str) -> bytes:
    """Where texts begin that begin with this one."""
    # Half a character of a broken client is compared like any other.
    return folded(text)[:MOST].encode(errors="surrogatepass")


def inside(text: str) -> set[bytes]:
    """Keys by which a text is found by any part of it."""
    whole = folded(text)
    return {whole[at : at + MOST].encode(errors="surrogatepass") for at in range(len(whole))}


def inside_words(text: str) -> set[bytes]:
    """Keys by which a text is found by any part of one of its words."""
    return {one for word in text.split() for one in inside(word)}


def beginnings(texts: Iterable[str]) -> set[bytes]:
    """Keys by which each text is found by how it begins, or as a whole."""
    return {key(one) for one in texts if one}


def ends(texts: Iterable[str]) -> set[bytes]:
    """Keys by which each text is found by how it ends; ask them with ``end``."""
    return {end(one) for one in texts if one}


def end(text: str) -> bytes:
    """Where texts lie that end with this one: they are read from the end."""
    return folded(text)[::-1][:MOST].encode(errors="surrogatepass")
