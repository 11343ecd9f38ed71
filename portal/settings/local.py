"""The embedded default: SQLite, no broker, a secret of its own kept in var/, plain HTTP on this machine."""

import secrets

from portal.settings.base import *  # noqa: F403
from portal.settings.base import SECRET_KEY, VAR_DIR, env

EDITION = "embedded"
VAR_DIR.mkdir(parents=True, exist_ok=True)
if not SECRET_KEY:
    key_file = VAR_DIR / "secret_key"
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(secrets.token_urlsafe(50))
    SECRET_KEY = key_file.read_text().strip()

# Without a relay a mail is a file that whoever tries the portal can open, one for each.
if not env.str("EMAIL_URL", ""):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
