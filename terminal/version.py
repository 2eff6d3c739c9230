"""What this software calls itself towards the office."""

from typing import Final

SOFTWARE: Final = "gatehouse 0.1.0"
