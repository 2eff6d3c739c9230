"""Every address of the desk."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("office.desk.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
