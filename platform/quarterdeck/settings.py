"""Every setting of the platform; nothing else here reads the environment. Unclear values refuse to start.

QUARTERDECK_DATA        one folder for everything durable (default: data, beside manage.py)
QUARTERDECK_RUN         sockets and pids (default: <data>/run)
DATABASE_URL            postgresql://user:password@host:port/name (14 or newer), or ?host=<socket folder>
VALKEY_URL              redis://host:port/0 or unix://<socket>
QUARTERDECK_HOST        address the dashboard listens on (default 127.0.0.1)
QUARTERDECK_PORT        its port (default 8640)
QUARTERDECK_ORIGINS     comma-separated https:// origins people use, when behind a proxy
QUARTERDECK_SECRET_KEY  Django's key (default: made on first run in <data>/keys/django.key)
QUARTERDECK_DEBUG       1 shows tracebacks; refused on an address that others can reach
QUARTERDECK_CLUSTER     where agents live: local (default), pods (Kubernetes) or memory
QUARTERDECK_PACE        how slowly the rehearsal model thinks: 1 as a person reads, 0 at once (default 1)
QUARTERDECK_LEASE       seconds without a word after which an attempt is lost (default 30)
QUARTERDECK_STARTING    how many agents start at the same time on one node; the next ones wait for their hello (default: three
                        for two processors of this machine)
QUARTERDECK_INSTALL_REACHES  host:port words that installing packages may reach besides public addresses (default: none)
QUARTERDECK_TRACKER_REACHES  addresses and networks (10.0.0.0/8) that a tracker may stand in besides public ones (default: none)
QUARTERDECK_ATLASSIAN_LOGIN, QUARTERDECK_ATLASSIAN_GATEWAY  where one signs in to Jira Cloud, and its API (default: Atlassian's)
QUARTERDECK_GIT_PROXY   http://host:port of the proxy by which projects' repositories are reached (default: none)
QUARTERDECK_GIT_CA      a file of certificates that their hosts are checked with, instead of the system's (default: none)
QUARTERDECK_AGENT_PYTHON  the agents' interpreter (default: .venv-agent beside manage.py)
QUARTERDECK_METRICS_LISTEN  host:port on which web and the reconciler answer Prometheus (default: none)

Where the git service runs apart (a chart), the platform asks it over TCP, with a key that both know:
QUARTERDECK_GIT_INTERNAL         http://host:port of its internal door (default: a socket in the run folder)
QUARTERDECK_GIT_INTERNAL_LISTEN  host:port that it opens that door on (default: none)
QUARTERDECK_GIT_KEY              the key, 32 characters or more; needed with either

With QUARTERDECK_CLUSTER=pods:
QUARTERDECK_KUBECONFIG  the way to the cluster (default: the service account of the pod that the reconciler runs in)
QUARTERDECK_AGENTS_NAMESPACE  where the pods live (default quarterdeck-agents)
QUARTERDECK_AGENT_IMAGE       the agents' image (needed)
QUARTERDECK_SITE        a word for this installation (default quarterdeck): two may share a namespace and touch only their own
QUARTERDECK_DOORS_FOR_PODS    http://host:port of the agents' doors, as a pod reaches it; a name is looked up by the reconciler
QUARTERDECK_GIT_FOR_PODS      the same for git
QUARTERDECK_OUTLET_FOR_PODS   the same for the outlet that installs fetch packages through (default: none)
QUARTERDECK_OUTLET_LISTEN     host:port that `serve outlet` opens (default: none)
QUARTERDECK_REGISTRIES        JSON: what it reads, a base address by name (default: pypi, pypi-files and npm, the public ones)
QUARTERDECK_DOORS_LISTEN      host:port that the agents' doors are opened on beside their socket (default: none)
QUARTERDECK_GIT_LISTEN        the same for git
QUARTERDECK_POD_OPTIONS       JSON: runtime_class, node_selector, labels, annotations, priority_class, pull_policy, pull_secrets,
                              host_aliases (name to address), service_account, tools (plain or bwrap), grace_s, canary, canary_s
QUARTERDECK_ENVIRONMENTS_CLAIM  the PersistentVolumeClaim that installed packages are kept on (default: none)
"""

import ipaddress
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
PUBLIC_REGISTRIES = {
    "pypi": "https://pypi.org",
    "pypi-files": "https://files.pythonhosted.org",
    "npm": "https://registry.npmjs.org",
}


def _flag(name: str) -> bool:
    value = os.environ.get(name, "0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} is {value!r}: write 1 or 0.")
    return value == "1"


def _number(name: str, default: str, *, low: float, high: float) -> float:
    raw = os.environ.get(name, default)
    try:
        value = float(raw)
    except ValueError as bad:
        raise ImproperlyConfigured(f"{name} is {raw!r}: write a number.") from bad
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} is {raw}: it must lie between {low:g} and {high:g}.")
    return value


def _listen(name: str) -> tuple[str, int] | None:
    host, _, port = os.environ.get(name, "").rpartition(":")
    if host and not (port.isdigit() and 0 < int(port) < 65536):
        raise ImproperlyConfigured(f"{name} is {os.environ[name]!r}: write host:port.")
    return (host.strip("[]"), int(port)) if host else None


def _networks(name: str) -> list[str]:
    words = os.environ.get(name, "").split()
    for word in words:
        try:
            ipaddress.ip_network(word, strict=False)
        except ValueError as bad:
            raise ImproperlyConfigured(f"{name} holds {word!r}: write addresses and networks, as 10.0.0.0/8.") from bad
    return words


def _options(name: str, known: set[str]) -> dict[str, Any]:
    try:
        found = json.loads(os.environ.get(name) or "{}")
    except ValueError as bad:
        raise ImproperlyConfigured(f"{name} is no JSON: {bad}") from bad
    strange = sorted(set(found) - known) if isinstance(found, dict) else [str(found)]
    if strange:
        raise ImproperlyConfigured(f"{name} knows nothing of {', '.join(strange)}.")
    return dict(found)


def _registries(name: str) -> dict[str, str]:
    """Base addresses by name, without a slash at the end."""
    try:
        found = json.loads(os.environ.get(name) or json.dumps(PUBLIC_REGISTRIES))
        good = isinstance(found, dict) and all(
            re.fullmatch(r"[a-z0-9][a-z0-9-]*", one) and re.fullmatch(r"https?://[^/?#@]+[^?#]*", str(base))
            for one, base in found.items()
        )
    except ValueError as bad:
        raise ImproperlyConfigured(f"{name} is no JSON: {bad}") from bad
    if not good:
        raise ImproperlyConfigured(
            f"{name} must be an object of names (small letters, digits, hyphens) and http:// or https:// addresses."
        )
    return {one: str(base).rstrip("/") for one, base in found.items()}


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgresql://: Quarterdeck stores its record in PostgreSQL."
        )
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "quarterdeck",
        "USER": unquote(parts.username or "postgres"),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": str(parts.port or ""),
        # A pool per process: the agents' doors make many short transactions. Server-side binding keeps PgBouncer happy.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": int(_number("QUARTERDECK_POOL", "12", low=1, high=200)), "timeout": 20}
        }
        if not _flag("QUARTERDECK_NO_POOL")
        else {},
    }


def _secret_key(keys: Path) -> str:
    given = os.environ.get("QUARTERDECK_SECRET_KEY")
    if given:
        return given
    path = keys / "django.key"
    if not path.exists():
        keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass  # another of our processes was faster; its key is the key
    return path.read_text()


DATA_DIR = Path(os.environ.get("QUARTERDECK_DATA", TOP / "data")).resolve()
RUN_DIR = Path(os.environ.get("QUARTERDECK_RUN", DATA_DIR / "run")).resolve()
KEYS_DIR = DATA_DIR / "keys"
HOST = os.environ.get("QUARTERDECK_HOST", "127.0.0.1")
PORT = int(_number("QUARTERDECK_PORT", "8640", low=1, high=65535))
DEBUG = _flag("QUARTERDECK_DEBUG")
if DEBUG and HOST not in {"127.0.0.1", "localhost", "::1"}:
    raise ImproperlyConfigured("QUARTERDECK_DEBUG=1 shows secrets: it is refused on an address that others can reach.")
ORIGINS = [
    origin.strip().rstrip("/") for origin in os.environ.get("QUARTERDECK_ORIGINS", "").split(",") if origin.strip()
]
SECURE = any(origin.startswith("https://") for origin in ORIGINS)
CLUSTER = os.environ.get("QUARTERDECK_CLUSTER", "local")
PACE = _number("QUARTERDECK_PACE", "1", low=0, high=100)
LEASE_SECONDS = _number("QUARTERDECK_LEASE", "30", low=1, high=3600)
STARTING = int(_number("QUARTERDECK_STARTING", str(max(2, 3 * (os.cpu_count() or 2) // 2)), low=1, high=1000))
INSTALL_REACHES = os.environ.get("QUARTERDECK_INSTALL_REACHES", "").split()
TRACKER_REACHES = _networks("QUARTERDECK_TRACKER_REACHES")
ATLASSIAN_LOGIN = os.environ.get("QUARTERDECK_ATLASSIAN_LOGIN", "https://auth.atlassian.com").rstrip("/")
ATLASSIAN_GATEWAY = os.environ.get("QUARTERDECK_ATLASSIAN_GATEWAY", "https://api.atlassian.com").rstrip("/")
GIT_PROXY = os.environ.get("QUARTERDECK_GIT_PROXY", "")
GIT_CA = os.environ.get("QUARTERDECK_GIT_CA", "")
AGENT_PYTHON = os.environ.get("QUARTERDECK_AGENT_PYTHON", str(TOP / ".venv-agent" / "bin" / "python"))
KUBECONFIG = os.environ.get("QUARTERDECK_KUBECONFIG", "")
AGENTS_NAMESPACE = os.environ.get("QUARTERDECK_AGENTS_NAMESPACE", "quarterdeck-agents")
AGENT_IMAGE = os.environ.get("QUARTERDECK_AGENT_IMAGE", "")
SITE = os.environ.get("QUARTERDECK_SITE", "quarterdeck")
DOORS_FOR_PODS = os.environ.get("QUARTERDECK_DOORS_FOR_PODS", "").rstrip("/")
GIT_FOR_PODS = os.environ.get("QUARTERDECK_GIT_FOR_PODS", "").rstrip("/")
OUTLET_FOR_PODS = os.environ.get("QUARTERDECK_OUTLET_FOR_PODS", "").rstrip("/")
METRICS_LISTEN = _listen("QUARTERDECK_METRICS_LISTEN")
OUTLET_LISTEN = _listen("QUARTERDECK_OUTLET_LISTEN")
REGISTRIES = _registries("QUARTERDECK_REGISTRIES")
DOORS_LISTEN = _listen("QUARTERDECK_DOORS_LISTEN")
GIT_LISTEN = _listen("QUARTERDECK_GIT_LISTEN")
GIT_INTERNAL = os.environ.get("QUARTERDECK_GIT_INTERNAL", "").rstrip("/")
GIT_INTERNAL_LISTEN = _listen("QUARTERDECK_GIT_INTERNAL_LISTEN")
GIT_KEY = os.environ.get("QUARTERDECK_GIT_KEY", "")
if (GIT_INTERNAL or GIT_INTERNAL_LISTEN) and len(GIT_KEY) < 32:
    raise ImproperlyConfigured(
        "QUARTERDECK_GIT_INTERNAL needs QUARTERDECK_GIT_KEY: 32 characters or more, the same on both sides."
    )
ENVIRONMENTS_CLAIM = os.environ.get("QUARTERDECK_ENVIRONMENTS_CLAIM", "")
POD_OPTIONS = _options("QUARTERDECK_POD_OPTIONS", {
    "runtime_class", "node_selector", "labels", "annotations", "priority_class", "pull_policy", "pull_secrets",
    "host_aliases", "service_account", "tools", "grace_s", "canary", "canary_s",
})  # fmt: skip
VALKEY_URL = os.environ.get("VALKEY_URL", f"unix://{RUN_DIR}/valkey.sock")
FRONTEND_DIR = TOP / "frontend" / "dist"

SECRET_KEY = _secret_key(KEYS_DIR)
ALLOWED_HOSTS = ["*"] if HOST in {"0.0.0.0", "::"} and not ORIGINS else [
    "127.0.0.1", "localhost", "[::1]", HOST, *(urlsplit(origin).hostname or "" for origin in ORIGINS)
]  # fmt: skip
CSRF_TRUSTED_ORIGINS = ORIGINS
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "channels",
    "quarterdeck.record",
    "quarterdeck.doors",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "quarterdeck.doors.headers.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "quarterdeck.urls"
ASGI_APPLICATION = "quarterdeck.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "doors" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {"default": _database(os.environ.get("DATABASE_URL", f"postgresql://postgres@/quarterdeck?host={RUN_DIR}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "record.Person"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "quarterdeck.doors.auth.ClosedSignup"
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/inbox"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-sessionid" if SECURE else "sessionid"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS = [FRONTEND_DIR] if FRONTEND_DIR.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 60
WHITENOISE_IMMUTABLE_FILE_TEST = (
    r"^/static/assets/.+-[\w-]{8}\.\w+$"  # the frontend's build puts a hash into these names
)
WHITENOISE_INDEX_FILE = False

CELERY_BROKER_URL = VALKEY_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60, "socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_TASK_ACKS_LATE = False  # a poke lost is a sweep later; a poke doubled is nothing
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULE = {
    "outbox": {"task": "quarterdeck.poke", "schedule": 5.0, "args": ["outbox"]},
    "seals": {"task": "quarterdeck.poke", "schedule": 5.0, "args": ["seals"]},
    "merges": {"task": "quarterdeck.poke", "schedule": 5.0, "args": ["merges"]},
    "fetches": {"task": "quarterdeck.poke", "schedule": 5.0, "args": ["fetches"]},
    "deliveries": {"task": "quarterdeck.poke", "schedule": 5.0, "args": ["deliveries"]},
    "hooks": {"task": "quarterdeck.poke", "schedule": 60.0, "args": ["hooks"]},
    "polls": {"task": "quarterdeck.poke", "schedule": 15.0, "args": ["polls"]},
    "starts": {"task": "quarterdeck.poke", "schedule": 5.0, "args": ["starts"]},
    "judgements": {"task": "quarterdeck.poke", "schedule": 10.0, "args": ["judgements"]},
    "news": {"task": "quarterdeck.poke", "schedule": 5.0, "args": ["news"]},
    "reports": {"task": "quarterdeck.poke", "schedule": 5.0, "args": ["reports"]},
    "forgotten": {"task": "quarterdeck.poke", "schedule": 3600.0, "args": ["forgotten"]},
    "calls": {"task": "quarterdeck.poke", "schedule": 15.0, "args": ["calls"]},
    "requests": {"task": "quarterdeck.poke", "schedule": 15.0, "args": ["requests"]},
}
# Logs go to stderr; the launcher or the cluster keeps them.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"httpx": {"level": "WARNING"}, "asyncio": {"level": "WARNING"}},
}
