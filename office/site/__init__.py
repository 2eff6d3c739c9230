"""The Django project: where settings, addresses and the office's directory come together."""
