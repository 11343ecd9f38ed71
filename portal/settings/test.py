"""Tests: quick hashes, files in a temporary folder, mail kept in memory; the database by DATABASE_URL."""

import tempfile
from pathlib import Path

from portal.settings.base import *  # noqa: F403
from portal.settings.base import DATABASES

EDITION = "test"
SECRET_KEY = "only for tests"  # noqa: S105
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
VAR_DIR = Path(tempfile.mkdtemp(prefix="portal-test-"))
FILES_ROOT = VAR_DIR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
ACCOUNT_RATE_LIMITS = False
CELERY_BROKER_URL = ""
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # In a file, so that threads of one test can wait for each other as processes do.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
