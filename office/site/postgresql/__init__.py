"""Django's PostgreSQL backend as the office uses it (docs/adr/0018)."""
