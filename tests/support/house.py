"""The house rules of docs/adr/0001, as functions over source text: who imports whom.

A tree is a mapping of module name → source; reading files is `read_tree`'s business alone.
Every import counts, also one inside a function or under ``TYPE_CHECKING``: a hidden wrong
direction is still a wrong direction.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

Tree = Mapping[str, str]
"""Module name → source. A package is named by its ``__init__``."""

MAY_IMPORT: Final[Mapping[str, frozenset[str]]] = {
    "drivers": frozenset({"drivers"}),
    "sync": frozenset({"sync"}),
    "terminal.core": frozenset({"terminal.core", "drivers.ports", "sync.records"}),
    "terminal": frozenset({"terminal", "drivers", "sync"}),
    "provisioning": frozenset({"provisioning", "terminal", "drivers", "sync"}),
    "office": frozenset({"office", "sync"}),
    "deskreader": frozenset({"deskreader", "drivers", "sync"}),
    "bench": frozenset({"bench", "office", "provisioning", "terminal", "drivers", "sync"}),
    "scripts": frozenset({"scripts", "office", "provisioning", "terminal", "drivers", "sync"}),
}
"""The table. The longest name that covers a module decides; what may be imported includes its parts."""

PURE: Final = frozenset(
    {"__future__", "bisect", "collections", "datetime", "enum", "functools"}
    | {"itertools", "math", "msgspec", "typing"}
)
"""What `terminal.core` may take from outside: no file, no socket, nor a clock (ruff bans datetime's)."""

ONLY_IN: Final[Mapping[str, tuple[str, ...]]] = {"smartcard": ("drivers",), "django": ("office", "bench")}
"""Libraries that a gate may lack stay with the part that needs them."""


def covers(name: str, module: str) -> bool:
    """Whether ``module`` is ``name`` or lies inside it."""
    return module == name or module.startswith(name + ".")


def imports(module: str, source: str, tree: Tree) -> Iterator[str]:
    """Full names of what ``module`` imports; ``from p import m`` names ``p.m`` where that is a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = _anchor(module, node, tree)
            for alias in node.names:
                inner = f"{start}.{alias.name}"
                yield inner if inner in tree else start


def _anchor(module: str, node: ast.ImportFrom, tree: Tree) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    is_package = any(name.startswith(module + ".") for name in tree)
    kept = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join([*kept, *([node.module] if node.module else [])])


def wrong_directions(tree: Tree) -> list[str]:
    """Imports which the table, the core's purity or a library's place forbid; one line each."""
    ours = {name.partition(".")[0] for name in tree}
    found = []
    for module, source in sorted(tree.items()):
        for target in sorted(set(imports(module, source, tree))):
            if target.partition(".")[0] in ours:
                allowed = any(covers(name, target) for name in _allowed(module))
            else:
                allowed = _outside_is_allowed(module, target)
            if not allowed:
                found.append(f"{module} may not import {target}")
    return found


def _allowed(module: str) -> frozenset[str]:
    rules = [name for name in MAY_IMPORT if covers(name, module)]
    return MAY_IMPORT[max(rules, key=len)] if rules else frozenset()


def _outside_is_allowed(module: str, target: str) -> bool:
    library = target.partition(".")[0]
    if covers("terminal.core", module):
        return library in PURE
    return any(covers(home, module) for home in ONLY_IN.get(library, (module,)))


def intrusions(tree: Tree) -> list[str]:
    """Imports of a module named ``_x`` from outside its folder."""
    found = []
    for module, source in sorted(tree.items()):
        for target in sorted(set(imports(module, source, tree)) & tree.keys()):
            folder, _, name = target.rpartition(".")
            if name.startswith("_") and name != "__main__" and not covers(folder, module):
                found.append(f"{module} may not import {target}: it is private to {folder}")
    return found


def borrowings(tree: Tree) -> list[str]:
    """Imports of a ``test_*`` module: what several tests need has a place and a name of its own."""
    found = []
    for module, source in sorted(tree.items()):
        borrowed = {
            one for one in imports(module, source, tree) if one.rpartition(".")[2].startswith("test_")
        }
        found += [f"{module} may not import {target}" for target in sorted(borrowed)]
    return found


def cycles(tree: Tree) -> list[str]:
    """Import cycles between modules, each once, as ``a → b → a``."""
    edges = {
        name: sorted(set(imports(name, text, tree)) & tree.keys() - {name}) for name, text in tree.items()
    }
    done: set[str] = set()
    found: list[str] = []
    for start in sorted(tree):
        _walk(start, edges, [], done, found)
    return found


def _walk(
    module: str, edges: Mapping[str, list[str]], path: list[str], done: set[str], found: list[str]
) -> None:
    if module in path:
        found.append(" → ".join([*path[path.index(module) :], module]))
    elif module not in done:
        for target in edges[module]:
            _walk(target, edges, [*path, module], done, found)
        done.add(module)


def read_tree(root: Path, packages: Mapping[str, object] = MAY_IMPORT) -> dict[str, str]:
    """The sources of our top-level folders under ``root``."""
    tree = {}
    for top in sorted({name.partition(".")[0] for name in packages}):
        for file in sorted((root / top).rglob("*.py")):
            parts = file.relative_to(root).with_suffix("").parts
            tree[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file.read_text("utf-8")
    return tree
