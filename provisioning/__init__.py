"""The technician's visit: bring a gate into service, test its wiring, swap it, keep its releases."""
