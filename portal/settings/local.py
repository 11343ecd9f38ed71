"""The embedded default: SQLite, no broker, a secret of its own kept in var/, plain HTTP on this machine."""

import secrets

from portal.settings.base import *  # noqa: F403
from portal.settings.base import SECRET_KEY, VAR_DIR

EDITION = "embedded"
VAR_DIR.mkdir(parents=True, exist_ok=True)
if not SECRET_KEY:
    key_file = VAR_DIR / "secret_key"
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(secrets.token_urlsafe(50))
    SECRET_KEY = key_file.read_text().strip()
