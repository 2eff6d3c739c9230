"""The status page as HTML for a phone and as text for a console: the same facts in the same order. Pure."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from terminal.agent.facts import utc_text

REFRESH_S: Final = 10
STYLE: Final = (
    "body{font:16px/1.4 sans-serif;margin:0 auto;max-width:40em;padding:.6em;color:#111;background:#fff}"
    "h1{font-size:1.3em;margin:.2em 0}h2{font-size:1em;margin:1em 0 .2em;border-bottom:2px solid #111}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.2em .4em .2em 0;border-bottom:1px solid #ccc;"
    "overflow-wrap:anywhere}th{font-weight:normal;color:#444;width:38%}"
    ".bad{font-weight:bold;color:#a00}.bad::before{content:'! '}"
)
"""Black on white, one column: it is read outdoors."""
STYLE_HASH: Final = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'"
"""No script, no picture, no form, nothing from elsewhere."""

Fact = tuple[str, str, bool]
"""Name, text, and whether somebody should look at it."""


def page_html(facts: Mapping[str, Any]) -> str:
    """The page; it loads itself anew."""
    body = "".join(
        f"<h2>{escape(title)}</h2><table>{''.join(_row(one) for one in rows)}</table>"
        for title, rows in sections(facts)
    )
    name = escape(str(facts["name"]))
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="{REFRESH_S}">'
        f"<title>{name}</title><style>{STYLE}</style></head><body><h1>{name}</h1>{body}</body></html>\n"
    )


def page_text(facts: Mapping[str, Any]) -> str:
    """The page as text, for a console."""
    lines = [str(facts["name"])]
    for title, rows in sections(facts):
        lines += ["", title.upper()]
        lines += [f"{'! ' if bad else '  '}{name:<22} {text}" for name, text, bad in rows]
    return "\n".join(_printable(one) for one in lines)


def sections(facts: Mapping[str, Any]) -> Iterator[tuple[str, list[Fact]]]:
    """Titles, and what stands under each."""
    gate = facts["gate"]
    yield "Health", list(_health(facts))
    yield "Doors", [_door(name, one) for name, one in sorted(gate["doors"].items())]
    yield "Readers", [_reader(name, one) for name, one in sorted(gate["readers"].items())]
    yield (
        "Inputs",
        [(name, "active" if on else "quiet", False) for name, on in sorted(gate["inputs"].items())],
    )
    yield "Way to the office", list(_link(facts))
    yield "Last events", [_event(one) for one in reversed(facts["events"])]


def _health(facts: Mapping[str, Any]) -> Iterator[Fact]:
    gate, log = facts["gate"], facts["gate"]["log"]
    yield "gate", gate["status"], not gate["running"]
    if gate["maintenance_s"]:
        yield "maintenance mode", f"for another {gate['maintenance_s'] / 60:.0f} min", False
    if facts["standing"]:
        yield "standing", facts["standing"], True
    clock = facts["clock"]
    now = "no time" if clock["utc"] is None else f"{utc_text(clock['utc'])} UTC"
    yield "clock", f"{clock['state']}: {now}", clock["state"] == "unknown"
    yield _list(facts["list"])
    if log:
        lost, error = log.get("lost", 0), log.get("last_error", "")
        written = "written" if log.get("running") else "NOT WRITTEN"
        text = f"{written}, {lost} events lost" + (f", {error}" if error else "")
        yield "usage log", text, bool(lost or error or not log.get("running"))
    yield "software", str(facts["software"]), False


def _list(listed: Mapping[str, Any]) -> Fact:
    if listed["version"] is None:
        return "permission list", "none: every card is refused", True
    age = "" if listed["age_s"] is None else f", confirmed {listed['age_s'] / 3600:.1f} h ago"
    fault = f"; {listed['fault']}" if listed["fault"] else ""
    stands_in = ", stands in for a damaged newer one" if listed["stands_in"] else ""
    bad = bool(fault or stands_in) or (listed["age_s"] or 0) > 86_400
    return "permission list", f"{listed['version']}{age}{stands_in}{fault}", bad


def _door(name: str, door: Mapping[str, Any]) -> Fact:
    alarm = door.get("alarm", "none")
    words = [str(door.get("state")), f"mode {door.get('mode')}"]
    words += [f"contact {door['contact']}"] if door.get("contact") else []
    words += ["FIRE"] if door.get("fire") else []
    words += [f"ALARM {alarm}"] if alarm != "none" else []
    return name, ", ".join(words), bool(door.get("fire")) or alarm != "none"


def _reader(name: str, reader: Mapping[str, Any]) -> Fact:
    return name, "works" if reader.get("ok") else str(reader.get("cause")), not reader.get("ok")


def _link(facts: Mapping[str, Any]) -> Iterator[Fact]:
    link = facts["link"]
    yield link["kind"], link["state"], link["kind"] != "none" and link["state"] != "connected"
    for name, value in sorted((facts["line"] or {}).items()):
        yield name.replace("_", " "), str(value), False
    for attack, count in sorted(facts["refused"].items()):
        yield f"refused: {attack}", str(count), True


def _event(event: Mapping[str, Any]) -> Fact:
    words = [str(event["kind"])]
    words += [f"{name} {event[name]}" for name in ("door", "reader", "reason") if name in event]
    words += [f"{name} {value}" for name, value in event.get("detail", {}).items()]
    return str(event["time"]), ", ".join(words), False


def _row(fact: Fact) -> str:
    name, text, bad = fact
    kind = ' class="bad"' if bad else ""
    return f"<tr><th>{escape(_printable(name))}</th><td{kind}>{escape(_printable(text))}</td></tr>"


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
