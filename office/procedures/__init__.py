"""The estate's rules as plain functions and state machines: each with its rule id, no database, no clock."""
