# The portal as one image: web, worker, beat and migrate differ in their command alone (docker-compose.yml).
FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONUTF8=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

RUN groupadd --system --gid 10001 portal \
    && useradd --system --uid 10001 --gid portal --home-dir /srv/portal --shell /usr/sbin/nologin portal
WORKDIR /srv/portal

COPY requirements.txt ./
RUN python -m pip install --only-binary :all: --require-hashes -r requirements.txt

COPY . .
# collectstatic needs settings, not secrets: the key is thrown away, nothing but staticfiles/ is left behind.
RUN SECRET_KEY=not-used VAR_DIR=/tmp/build DJANGO_SETTINGS_MODULE=portal.settings.local \
        python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build \
    && install -d -o portal -g portal -m 750 var

USER portal
ENV DJANGO_SETTINGS_MODULE=portal.settings.production
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "portal.wsgi"]
