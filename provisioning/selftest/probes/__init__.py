"""One probe a file: ``probe(visit)`` yields a check for each thing that it tried."""
