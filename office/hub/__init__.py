"""The hub: what the office keeps about its gates, and what it does next for each of them."""
