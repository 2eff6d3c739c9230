"""Optional libraries, loaded when a device that needs one is opened and never before."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from drivers.ports import DriverLibraryError


def cure_of(extra: str) -> str:
    """How an extra's library comes onto a machine: from the project's sources, or by the Debian package."""
    return (
        f"install it with the extra {extra!r}, from the project's folder: pip install '.[{extra}]'; the "
        "Debian package gatehouse-gate holds it: if it is missing there, remove and install that package anew"
    )


def load_library(name: str, *, kind: str, package: str, extra: str, system: str) -> ModuleType:
    """Import a driver's optional library at the moment a device needs it.

    Raises:
        DriverLibraryError: not installed (``extra`` brings it), or its C part (``system``) is missing.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise DriverLibraryError(
            f"kind {kind!r} needs the Python package {package}, which is not installed; {cure_of(extra)}"
        ) from error
    except ImportError as error:
        raise DriverLibraryError(
            f"kind {kind!r}: the Python package {package} is there but does not load ({error}); "
            f"install the Debian package {system}"
        ) from error
