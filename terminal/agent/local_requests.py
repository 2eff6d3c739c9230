"""What can be asked of the sync process over its local socket: facts, an echo, the status page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from terminal.agent.echo import MAX_COUNT, Ask, echo
from terminal.agent.facts import Fields, Sources, fresh_facts
from terminal.agent.local_socket import LocalError
from terminal.agent.page import page_html, page_text
from terminal.agent.page_server import LONGEST_S, PageServer

OFF: Final = (
    'no status page is configured: add [status_page] with listen = "ADDRESS:PORT" to the configuration,'
    " restart the sync process; meanwhile: gatehouse-terminal page --text"
)


class LocalRequests:
    """Carries out requests, on the sync process's loop."""

    def __init__(
        self, sources: Sources, ask: Ask, listen: tuple[str, int] | None, random_bytes: Callable[[int], bytes]
    ) -> None:
        """``listen``: where the page may be opened; ``None``: nowhere."""
        self._sources = sources
        self._ask = ask
        self._listen = listen
        self._page = PageServer(self._html, random_bytes)

    async def handle(self, request: Mapping[str, Any]) -> Fields:
        """Carry out one request; raises ``LocalError``."""
        match request.get("command"):
            case "facts":
                return await fresh_facts(self._sources)
            case "text":
                return {"text": page_text(await fresh_facts(self._sources))}
            case "echo":
                found = await echo(self._ask, _whole(request, "count", MAX_COUNT))
                return {**found.fields(), "link": self._sources.link()}
            case "page":
                return await self._open(_whole(request, "seconds", LONGEST_S))
            case "page_close":
                was_open = self._page.is_open
                await self._page.close()
                return {"was_open": was_open}
            case other:
                known = "facts, text, echo, page, page_close"
                raise LocalError(f"no such command: {str(other)[:40]!r} (there are: {known})")

    async def _html(self) -> str:
        return page_html(await fresh_facts(self._sources))

    async def close(self) -> None:
        """Close the page."""
        await self._page.close()

    async def _open(self, seconds: int) -> Fields:
        if self._listen is None:
            raise LocalError(OFF)
        host, port = self._listen
        try:
            address = await self._page.open(host, port, seconds)
        except OSError as error:
            raise LocalError(
                f"[status_page] 'listen' {host}:{port}: {error.strerror}; is the network of the phone up?"
            ) from error
        return {"address": address, "seconds": seconds}


def _whole(request: Mapping[str, Any], key: str, at_most: int) -> int:
    value = request.get(key)
    if type(value) is not int or not 1 <= value <= at_most:
        raise LocalError(f"{key!r} must be a whole number from 1 to {at_most}")
    return value
