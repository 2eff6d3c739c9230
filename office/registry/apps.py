"""The registry as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Models of `office.registry`."""

    name = "office.registry"
    label = "registry"
    default_auto_field = "django.db.models.BigAutoField"
