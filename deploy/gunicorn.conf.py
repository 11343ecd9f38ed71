"""gunicorn behind a proxy that buffers (deploy/nginx.conf): threads for waiting, limits for what is never right."""

import os

bind = os.environ.get("WEB_BIND", "0.0.0.0:8000")  # noqa: S104  # the container's own address; nginx alone reaches it
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_tmp_dir = "/dev/shm"  # noqa: S108  # heartbeats in memory: a slow disk must not look like a hung worker
timeout = 60
graceful_timeout = 30
keepalive = 5
max_requests = 5000
max_requests_jitter = 500
limit_request_line = 8190
limit_request_fields = 60
limit_request_field_size = 8190
accesslog = "-"
