"""The office's settings over a directory of this run's own; mypy and pytest read them."""

from __future__ import annotations

import os
import shutil
import sys

from office.site.directory import DIRECTORY_VARIABLE, OfficeSettings, make_directory
from tests.support.run_directory import run_directory

_directory = run_directory("gatehouse-office-")
make_directory(_directory, OfficeSettings(estate="6761746568303031", hosts=("testserver",), secure=False))
os.environ[DIRECTORY_VARIABLE] = str(_directory)

from office.site.settings import *  # noqa: E402, F403

DATABASES["default"]["TEST"] = {"NAME": str(_directory / "test.db")}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if "mypy" in sys.modules:  # it has read all it needs, and ends without the clean-up above
    shutil.rmtree(_directory)
