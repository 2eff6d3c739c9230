"""Programs over the rpi-lgpio library, in processes of their own: it owns the module name RPi."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

FOLDER: Final = Path(sys.prefix, "rpi-lgpio")


A_PI_4: Final = {"RPI_LGPIO_REVISION": "c03111"}


def run(program: str, **environment: str) -> str:
    """What the program prints."""
    with tempfile.TemporaryDirectory() as working:  # lgpio leaves a pipe in it
        return subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": f"{FOLDER}:{Path.cwd()}", "LG_WD": working, **environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=20,
        ).stdout
