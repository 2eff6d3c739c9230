"""The technician's visit: from a bare Raspberry Pi to a working gate."""
