"""Configuration. Everything that differs between installations comes from the environment; docs/operate/install.md lists it.

`manage.py up` sets these variables for the embedded servers; docker-compose.yml sets them for real ones.
"""

from __future__ import annotations

import importlib.util
import math
import os
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from iamdash.access import configured

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = os.environ


def _flag(name: str) -> bool:
    return ENV.get(name, "").lower() in {"1", "true", "yes", "on"}


def _listed(name: str) -> frozenset[str]:
    return frozenset(one.strip() for one in ENV.get(name, "").split(",") if one.strip())


def _whole(name: str, default: int, least: int = 0) -> int:
    given = ENV.get(name, "") or str(default)
    if not (given.isascii() and given.isdigit()) or int(given) < least:
        raise ImproperlyConfigured(f"{name} is {given!r}: a whole number is needed, and at least {least}.")
    return int(given)


def _number(name: str, default: float) -> float:
    given = ENV.get(name, "") or str(default)
    try:
        found = float(given)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise ImproperlyConfigured(f"{name} is {given!r}: a number is needed, and at least 0.")
    return found


def _secret_key() -> str:
    if path := ENV.get("IAMDASH_SECRET_KEY_FILE"):
        return Path(path).read_text().strip()
    if key := ENV.get("IAMDASH_SECRET_KEY"):
        return key
    raise ImproperlyConfigured(
        "No secret key. Set IAMDASH_SECRET_KEY_FILE to a file with 50 or more random characters; "
        "`python manage.py up` and `make run` do this by themselves."
    )


def _secret(name: str) -> str:
    """Of a file, as Docker gives secrets, or of the variable itself."""
    path = ENV.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else ENV.get(name, "")


def _password(name: str, given: str | None = None) -> str:
    """The URL's own password, or that of a file, as Docker gives secrets."""
    path = ENV.get(f"{name}_PASSWORD_FILE")
    return given or (Path(path).read_text().strip() if path else "")


def _database(url: str, role: str) -> dict[str, object]:
    """postgresql://user:password@host:port/name?host=/socket/folder&sslmode=... -> Django's form."""
    parts = urlsplit(url)
    query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    options: dict[str, object] = {"application_name": f"iamdash-{role or 'owner'}", "connect_timeout": 5}
    options |= {k: v for k, v in query.items() if k not in {"host", "port"}}
    # Web requests are short, and a lock that waits is a page that hangs. Migrations and collection may take longer.
    statement = 15_000 if role in {"web", "metrics"} else 0
    # Counting a list by many columns sorts on disk with the 4 MB that PostgreSQL takes by itself.
    # A server with LLVM compiles each statement that it takes for a long one, which takes longer than ours take.
    # To start helpers takes as long as all of a statement that is just dear enough for them.
    always = "-c work_mem=16MB -c timezone=UTC -c jit=off -c parallel_setup_cost=4000"
    # What pages prepare (access/prepared.py) is planned once; the functions that the worker calls are not.
    if role == "web":
        always += " -c plan_cache_mode=force_generic_plan"
    options["options"] = f"-c statement_timeout={statement} -c lock_timeout={5_000 if role else 0} {always}"
    if role:
        options["assume_role"] = f"iamdash_{role}"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": _password("DATABASE", unquote(parts.password or "")),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": str(query.get("port") or parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def _redis(url: str, number: int) -> str:
    """One server, several numbered databases: 0 is the broker, 1 the cache, 2 the token buckets."""
    if url.startswith("unix://"):
        return f"{url}?db={number}"
    if "@" not in url and (password := _password("REDIS")):
        url = url.replace("://", f"://:{quote(password, safe='')}@", 1)
    return f"{url.rstrip('/')}/{number}"


SECRET_KEY = _secret_key()
DEBUG = False
LAB = _flag("IAMDASH_LAB")  # the pages say that what they show is not a real organization
HTTP_ONLY = _flag("IAMDASH_HTTP_ONLY")  # plain HTTP on loopback: no Secure cookies, no redirect to HTTPS
ALLOWED_HOSTS = [h for h in ENV.get("IAMDASH_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if h]
CSRF_TRUSTED_ORIGINS = [] if HTTP_ONLY else [f"https://{h}" for h in ALLOWED_HOSTS if h != "*"]
ROOT_URLCONF = "iamdash.urls"
WSGI_APPLICATION = "iamdash.wsgi.application"
AUTH_USER_MODEL = "access.Operator"

INSTALLED_APPS = [
    "collectors",
    "findings",
    "iamdash.access",
    "iamdash.notify",
    "iamdash.pages",
    "iamdash.api",
    "iamdash.embedded",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_tables2",
]
MIDDLEWARE = [
    "iamdash.api.metrics.traffic.TrafficMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "iamdash.access.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # a user's page: 500 KB become 22; the length is padded against BREACH
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "iamdash.access.bodies.BodiesMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "iamdash.api.middleware.ApiMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "iamdash.access.signing.SignedInMiddleware",
    "iamdash.access.mfa.SecondFactorMiddleware",
    "iamdash.access.sessions.SessionsMiddleware",
    "iamdash.access.audit.AuditMiddleware",
    "iamdash.access.scope.ScopeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "iamdash.pages.recent.RecentMiddleware",
    "iamdash.pages.errors.AddressMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "iamdash.pages.context.shell",
            ]
        },
    }
]

# The role names the rights a process has in the database (iamdash/access/database.py); none: the owner, who migrates.
DB_ROLE = ENV.get("IAMDASH_DB_ROLE", "")
DATABASES = {"default": _database(ENV.get("DATABASE_URL", "postgresql://iamdash@127.0.0.1:5432/iamdash"), DB_ROLE)}
REDIS_URL = ENV.get("REDIS_URL", "redis://127.0.0.1:6379")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _redis(REDIS_URL, 1),
        # A Valkey that does not answer is one that is away: pages do without it, and do not hang.
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1.0, "serializer": "iamdash.cached.Json"},
        "VERSION": 2,  # 1 was pickled
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DOORBELL = "iamdash.celery.app"  # DESIGN 7
CELERY_BROKER_URL = (
    f"redis+socket://{REDIS_URL.removeprefix('unix://')}" if REDIS_URL.startswith("unix://") else _redis(REDIS_URL, 0)
)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "unacked_restore_throttle": 1}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A new child of the pool says that it is up; on a busy machine the usual 4 s end children that are only slow.
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 60
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "inventory"
# Of one queue the lowest number goes first (kombu, Redis transport), and what is not named has 0: a tick, a cancellation or a
# connection test does not wait until all accounts of an organization that just joined were read.
CELERY_TASK_ROUTES = {
    "findings.propose": {"priority": 3},
    "findings.freeze_review": {"priority": 3},
    "collectors.collect": {"priority": 6},
    "findings.judge": {"priority": 6},
}
CELERY_BEAT_SCHEDULE = {
    "collect what is due": {"task": "collectors.tick", "schedule": 30.0, "options": {"expires": 25}},
    "judge what is due": {"task": "findings.tick", "schedule": 30.0, "options": {"expires": 25}},
    "tell what happened": {"task": "notify.read", "schedule": 30.0, "options": {"expires": 25, "queue": "notify"}},
    "send what is due": {"task": "notify.tick", "schedule": 30.0, "options": {"expires": 25, "queue": "notify"}},
    "drop what is old": {"task": "collectors.retain", "schedule": 3600.0, "options": {"expires": 3000}},
    "ask for digests": {"task": "notify.digest", "schedule": 300.0, "options": {"expires": 290, "queue": "notify"}},
}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 14},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "iamdash.access.adapter.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # seconds for which a sign-in or a confirmation is enough for what is sensitive
# Second factors and single sign-on: docs/operate/sign-in.md.
MFA_ADAPTER = "iamdash.access.mfa.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "iamdash"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are an admin's word, and nobody signs in by one
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = HTTP_ONLY
MFA_REQUIRED = configured.mfa_required(ENV.get("IAMDASH_MFA_REQUIRED", ""))
SSO = {
    kind: provider
    for kind, provider in (
        ("openid_connect", configured.oidc(ENV, _secret("IAMDASH_OIDC_CLIENT_SECRET"))),
        ("saml", configured.saml(ENV, installed=importlib.util.find_spec("onelogin") is not None)),
    )
    if provider
}
SSO_ONLY = _flag("IAMDASH_SSO_ONLY")  # no passwords, but for who has the key behind the glass
if SSO_ONLY and not SSO:
    raise ImproperlyConfigured("IAMDASH_SSO_ONLY needs a provider: IAMDASH_OIDC_ISSUER or IAMDASH_SAML_METADATA_URL.")
if "saml" in SSO:
    INSTALLED_APPS.append("iamdash.access.saml")
SOCIALACCOUNT_ADAPTER = "iamdash.access.sso.Adapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # by an address that the provider verified: iamdash/access/sso.py
SOCIALACCOUNT_PROVIDERS = {kind: app for provider in SSO.values() for kind, app in provider.apps.items()}
ALLAUTH_TRUSTED_PROXY_COUNT = _whole("IAMDASH_TRUSTED_PROXIES", 0)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"

SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not HTTP_ONLY
SESSION_COOKIE_NAME = "iamdash" if HTTP_ONLY else "__Host-iamdash"
CSRF_COOKIE_NAME = "iamdash_csrf" if HTTP_ONLY else "__Host-iamdash_csrf"
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 0 if HTTP_ONLY else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not HTTP_ONLY
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # A form that leads to the identity provider is refused where a redirect of its way is not named.
        "form-action": [SELF, *(origin for provider in SSO.values() for origin in provider.origins)],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "/static/"
STATIC_ROOT = ENV.get("IAMDASH_STATIC_ROOT") or str(BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "iamdash.pages.charts.PlotlyFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "iamdash.pages.static.HashedStatic"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DJANGO_TABLES2_TEMPLATE = "components/table.html"

LOGGING_CONFIG = "iamdash.logs.configure"
LOGGING = {"level": ENV.get("IAMDASH_LOG_LEVEL", "INFO"), "json": not _flag("IAMDASH_LOG_PLAIN")}

# AWS. The endpoint and ambient credentials come from boto3's own variables; these are ours.
COLLECT_EVERY_HOURS = _number("IAMDASH_COLLECT_EVERY_HOURS", 6)
# All rates of collectors/aws/bucket.py times this: less, where other tools need more of the account's quota.
AWS_RATE_FACTOR = _number("IAMDASH_AWS_RATE_FACTOR", 1)
BUCKETS_URL = _redis(REDIS_URL, 2)
QUEUES_URL = _redis(REDIS_URL, 0)  # the broker's, without Celery's words for it
# Access Advisor takes two calls a principal: how many of them a run reads, and how old a reading may get.
LAST_ACCESSED_A_RUN = _whole("IAMDASH_LAST_ACCESSED_A_RUN", 300)
LAST_ACCESSED_HOURS = _number("IAMDASH_LAST_ACCESSED_HOURS", 24)
# How long is kept what is kept for a time only, in days; findings, their events, rollups and the last use are kept for ever.
# Months are dropped as a whole, and never the last two; a judgement reads 90 days of use. A ledger answers whether an object or
# event was counted already.
KEEP_DAYS = {
    "usage": _whole("IAMDASH_KEEP_USAGE_DAYS", 400, least=100),
    "events": _whole("IAMDASH_KEEP_EVENTS_DAYS", 400, least=100),
    "runs": _whole("IAMDASH_KEEP_RUNS_DAYS", 180, least=62),
    "ledger": 90,
    "lookups": 400,
}
# CloudTrail's bucket: docs/operate/activity.md. Without a bucket and an account that reads it, nobody reads any.
TRAIL_BUCKET = ENV.get("IAMDASH_TRAIL_BUCKET", "")
TRAIL_PREFIX = ENV.get("IAMDASH_TRAIL_PREFIX", "")
TRAIL_ORGANIZATION = ENV.get("IAMDASH_TRAIL_ORGANIZATION", "")
TRAIL_ACCOUNT = ENV.get("IAMDASH_TRAIL_ACCOUNT", "")
# The first time; two weeks are judged by the 30 days before each of their days.
TRAIL_DAYS = _whole("IAMDASH_TRAIL_DAYS", 45)
# Where no trail is read, LookupEvents is asked for sign-ins, role assumptions and changes to IAM, so many days back; 0: nowhere.
LOOKUP_DAYS = _whole("IAMDASH_LOOKUP_DAYS", 90)
# Accounts (12 digits, or * for all) whose roles and policies are meant to be made by code only: rule GR110.
IAM_BY_CODE = _listed("IAMDASH_IAM_BY_CODE")
# What the organization asks of its guardrails: GR106 and GR113, GR114, GR102 (pairs of whom=boundary).
ALLOWED_REGIONS = _listed("IAMDASH_ALLOWED_REGIONS")
ORGANIZATION_POLICIES = _listed("IAMDASH_ORGANIZATION_POLICIES")
REQUIRED_BOUNDARIES = {
    whom: name for whom, _, name in (one.rpartition("=") for one in _listed("IAMDASH_REQUIRED_BOUNDARIES"))
}
# Config's history of IAM: docs/operate/config.md. Without an aggregator each account tells its own.
CONFIG_AGGREGATOR = ENV.get("IAMDASH_CONFIG_AGGREGATOR", "")  # <account>/<region>/<name>
CONFIG_HISTORY_DAYS = _whole("IAMDASH_CONFIG_HISTORY_DAYS", 90)
CONFIG_HISTORY_A_RUN = _whole("IAMDASH_CONFIG_HISTORY_A_RUN", 200)
# Athena over that bucket, for organizations past one machine; off without a workgroup. Its role stands in TRAIL_ACCOUNT.
ATHENA_WORKGROUP = ENV.get("IAMDASH_ATHENA_WORKGROUP", "")
ATHENA_DATABASE = ENV.get("IAMDASH_ATHENA_DATABASE", "default")
ATHENA_TABLE = ENV.get("IAMDASH_ATHENA_TABLE", "iamdash_cloudtrail")
ATHENA_OUTPUT = ENV.get("IAMDASH_ATHENA_OUTPUT", "")
ATHENA_ROLE = ENV.get("IAMDASH_ATHENA_ROLE", "iamdash-athena")
ATHENA_REGION = ENV.get("IAMDASH_ATHENA_REGION", "")
ATHENA_ACCOUNTS = _whole("IAMDASH_ATHENA_ACCOUNTS", 20)
ATHENA_PRICE = _number("IAMDASH_ATHENA_PRICE", 5)
# The principal the worker acts as, shown in the trust policies to copy. The web process has no credentials to ask AWS.
COLLECTOR_ARN = ENV.get("IAMDASH_COLLECTOR_ARN", "")

# What leaves by itself: docs/operate/alerts.md. Hosts that may be inner ones or speak plain HTTP, with a port or without.
OUTGOING_HOSTS = frozenset(one.lower() for one in _listed("IAMDASH_OUTGOING_HOSTS"))
# Where people find iamdash: links in messages begin with it; without, messages have none.
PUBLIC_URL = ENV.get("IAMDASH_URL", "").rstrip("/")
# Tickets for findings: docs/operate/tickets.md. iamdash and the tracker share the secret (whsec_...); without it there are none.
TICKETS_URL = ENV.get("IAMDASH_TICKETS_URL", "")
TICKETS_SECRET = _secret("IAMDASH_TICKETS_SECRET")
# The read API: docs/operate/api.md. Requests that one token may make in a minute.
API_PER_MINUTE = _whole("IAMDASH_API_PER_MINUTE", 600)
# Bundles that wait for a worker, in all; one operator may have a quarter of them, and of their megabytes, waiting.
UPLOADS_WAITING = _whole("IAMDASH_UPLOADS_WAITING", 100, 4)
UPLOADS_WAITING_MB = _whole("IAMDASH_UPLOADS_WAITING_MB", 1_000, 200)
# Where Prometheus reads: docs/operate/metrics.md. Without a port nothing is counted of requests, and nothing is served.
METRICS_PORT = _whole("IAMDASH_METRICS_PORT", 0)
METRICS_HOST = ENV.get("IAMDASH_METRICS_HOST") or "127.0.0.1"
# E-mail leaves by this server; without, there is none. IAMDASH_SMTP_TLS: starttls, tls (from the first byte on) or none.
EMAIL_HOST = ENV.get("IAMDASH_SMTP_HOST", "")
_SMTP_TLS = ENV.get("IAMDASH_SMTP_TLS") or "starttls"
EMAIL_USE_TLS, EMAIL_USE_SSL = _SMTP_TLS == "starttls", _SMTP_TLS == "tls"
EMAIL_PORT = _whole("IAMDASH_SMTP_PORT", 465 if EMAIL_USE_SSL else 587)
EMAIL_HOST_USER = ENV.get("IAMDASH_SMTP_USER", "")
EMAIL_HOST_PASSWORD = _password("IAMDASH_SMTP")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENV.get("IAMDASH_MAIL_FROM", "")
