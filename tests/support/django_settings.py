"""The office's settings over a directory of this run's own; mypy and pytest read them."""

from __future__ import annotations

import os
import shutil
import sys

from office.site.directory import DIRECTORY_VARIABLE, OfficeSettings, make_directory
from tests.support.postgresql import URL_VARIABLE
from tests.support.run_directory import run_directory

_directory = run_directory("gatehouse-office-")
_on_server = os.environ.get(URL_VARIABLE, "").replace("/postgres", "/office")
make_directory(
    _directory,
    OfficeSettings(estate="6761746568303031", hosts=("testserver",), database=_on_server, secure=False),
)
os.environ[DIRECTORY_VARIABLE] = str(_directory)

from office.site.settings import *  # noqa: E402, F403

if _on_server:
    DATABASES["default"] |= {"CONN_MAX_AGE": 0, "TEST": {"NAME": "office"}}  # noqa: F405
else:
    DATABASES["default"]["TEST"] = {"NAME": str(_directory / "test.db")}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if "mypy" in sys.modules:  # it has read all it needs, and ends without the clean-up above
    shutil.rmtree(_directory)
