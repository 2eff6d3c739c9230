"""Data in and out: spreadsheets taken in, everything given out, backups."""
