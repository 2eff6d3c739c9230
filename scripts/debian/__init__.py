"""Makes the Debian package of a gate and the technician's stick (docs/adr/0015-package.md)."""
