"""Commands of the office, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

ESTATE = "6761746568303031"


def office(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own: Django can be set up once a process."""
    return subprocess.run(
        [sys.executable, "-m", "office", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
