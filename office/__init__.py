"""The property office: the only source of permissions."""
