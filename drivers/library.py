"""Optional libraries, loaded when a device that needs one is opened and never before."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from drivers.ports import DriverLibraryError


def load_library(name: str, *, kind: str, package: str, extra: str, system: str) -> ModuleType:
    """Import a driver's optional library at the moment a device needs it.

    Raises:
        DriverLibraryError: not installed (``extra`` brings it), or its C part (``system``) is missing.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise DriverLibraryError(
            f"kind {kind!r} needs the Python package {package}, which is not installed; "
            f"install it: pip install 'gatehouse[{extra}]'"
        ) from error
    except ImportError as error:
        raise DriverLibraryError(
            f"kind {kind!r}: the Python package {package} is there but does not load ({error}); "
            f"install the Debian package {system}"
        ) from error
