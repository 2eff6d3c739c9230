"""Django's settings; everything that an estate decides comes from its directory (`office.site.directory`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from csp.constants import NONE, SELF

from office.clock import utc_now_ms
from office.hub.control_client import HubControl
from office.site.databases import django_database
from office.site.directory import chosen_directory, open_directory

_OFFICE = open_directory(chosen_directory())
_HERE = Path(__file__).resolve().parent.parent

SECRET_KEY = _OFFICE.secret()
DEBUG = False
ALLOWED_HOSTS = list(_OFFICE.settings.hosts)
ROOT_URLCONF = "office.site.urls"
WSGI_APPLICATION = "office.site.wsgi.application"

# The helper at the clerk's own PC: the one address besides this site that a page may ask.
DESK_READER = f"http://127.0.0.1:{_OFFICE.settings.reader_port}" if _OFFICE.settings.reader_port else ""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_htmx",
    "office.registry",
    "office.desk",
    "django.forms",  # after the desk, whose field template stands in for Django's
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

MIDDLEWARE = [
    *(["office.site.https_only.HttpsOnly"] if _OFFICE.settings.secure else []),
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "office.desk.context.desk",
            ],
            "builtins": ["office.desk.templatetags.desk_words"],
        },
    },
]

# What the desk reads of the world outside: a clock, in UTC milliseconds, and the hub's control on its socket.
OFFICE_CLOCK_MS: Callable[[], int] = utc_now_ms
OFFICE_HUB_CONTROL: Callable[[Path], HubControl] = HubControl

OFFICE_DATABASE = _OFFICE.database
DATABASES = {"default": django_database(OFFICE_DATABASE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "today"
# Five wrong passwords of one account from one address: ten minutes' wait. The account itself is not
# locked for others: nobody can shut a clerk out by typing wrong passwords elsewhere.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 1 / 6
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

SESSION_COOKIE_AGE = 10 * 3600  # a working day
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _OFFICE.settings.secure
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SECURE_HSTS_SECONDS = 365 * 86_400 if _OFFICE.settings.secure else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF, *([DESK_READER] if DESK_READER else [])],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

USE_TZ = True
TIME_ZONE = _OFFICE.settings.time_zone
USE_I18N = True
LANGUAGE_CODE = _OFFICE.settings.language
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [str(_HERE / "locale")]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Strict"

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # served from where they lie: no collecting step, no second copy to go stale
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # A form that is refused, a page that is not there: the person at the desk is told, nobody else.
    "loggers": {"django.request": {"level": "ERROR"}},
}
