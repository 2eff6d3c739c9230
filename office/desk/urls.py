"""The desk's addresses."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from office.desk.views import cases, issues, people, places, today

urlpatterns = [
    path("login/", LoginView.as_view(template_name="desk/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", today.today, name="today"),
    path("find/", today.find_anything, name="find"),
    path("places/<int:pk>/", places.place, name="place"),
    path("places/<int:pk>/apply/", places.apply, name="apply"),
    path("places/<int:pk>/quota/", places.quota_preview, name="quota"),
    path("places/<int:pk>/applications/", places.submit_application, name="submit-application"),
    path("people/<int:pk>/", people.person, name="person"),
    path("applications/<int:pk>/", issues.application, name="application"),
    path("cards/<int:pk>/", issues.issue, name="issue"),
    path("cards/<int:pk>/gates/", issues.gates, name="issue-gates"),
    path("cards/<int:pk>/pay/", issues.pay, name="pay"),
    path("cards/<int:pk>/chip/", issues.set_chip, name="set-chip"),
    path("cards/<int:pk>/sign/", issues.sign, name="sign"),
    path("cards/<int:pk>/report/", issues.report, name="report"),
    path("cards/<int:pk>/suspend/", issues.suspend, name="suspend"),
    path("cards/<int:pk>/collect/", issues.collect, name="collect"),
    path("cases/<int:pk>/", cases.case, name="case"),
    path("cases/<int:pk>/<slug:name>/", cases.take, name="case-step"),
]
