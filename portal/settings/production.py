"""A server: PostgreSQL and Redis, TLS in front, every secret from the environment. Missing values stop the start."""

from portal.settings.base import *  # noqa: F403
from portal.settings.base import env

EDITION = "server"
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL")
PUBLIC_URL = env.str("PUBLIC_URL")
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 1)

CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
# One proxy stands in front (deploy/nginx.conf) and says who asks; rate limits count by that.
ALLAUTH_TRUSTED_PROXY_COUNT = 1
