"""All settings, read from the environment (.env.example lists them).

Nothing set is the embedded run: one process, SQLite, everything else in memory. SUPPORTBOT_ENV=production needs
PostgreSQL, Redis and secrets, and refuses to start when one is missing.
"""

from __future__ import annotations

import re
import secrets
import socket
import warnings
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from supportbot.telemetry.tracing import add_trace

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def one_of(name: str, default: str, *allowed: str) -> str:
    """A word from a fixed list."""
    value: str = env.str(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; put one of: {', '.join(allowed)}")
    return value


def required(name: str, what: str) -> str:
    """A value without which production doesn't start."""
    value: str = env.str(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Production needs it: put {what}.")
    return value


def backend(name: str) -> str:
    """Which engine writes the replies in place of our own: `transformers:/path` or `openai:https://host/v1#model`."""
    value: str = env.str(name, "")
    if value and not re.fullmatch(r"transformers:/.+|openai:https?://[^#\s]+#\S+", value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}; put transformers:/directory/of/a/model or openai:https://host/v1#model, or nothing"
        )
    return value


def scanner(name: str) -> str:
    """What checks uploads for viruses: `clamd:/socket`, `clamd:host:port`, `command:program arguments`, or nothing."""
    value: str = env.str(name, "").strip()
    if value and not re.fullmatch(r"command:\S.*|clamd:(/\S+|\S+:\d+)", value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}; put clamd:/run/clamav/clamd.ctl, clamd:host:3310 or command:clamdscan -, or nothing"
        )
    return value


def address(name: str) -> str:
    """A `host:port` to listen on, or nothing."""
    value: str = env.str(name, "").strip()
    if value and not re.fullmatch(r"\S+:\d{1,5}", value):
        raise ImproperlyConfigured(f"{name} is {value!r}; put a host and a port, as 127.0.0.1:9464, or nothing")
    return value


def secret_key_on_disk() -> str:
    """The embedded run's own key, made once."""
    path = VAR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


def words(value: str) -> list[str]:
    """The parts of a comma-separated value."""
    return [word for word in (part.strip() for part in value.split(",")) if word]


def login_name(request: Any, credentials: dict[str, str] | None) -> str:
    """The e-mail of a login in one spelling, so that all guesses at it are counted together."""
    given = credentials or {}
    name = given.get("email") or given.get("username") or request.POST.get("login", "")
    return name.strip().lower()


EMBEDDED = one_of("SUPPORTBOT_ENV", "embedded", "embedded", "production") == "embedded"
DEBUG = env.bool("DJANGO_DEBUG", False)
VAR = Path(env.str("SUPPORTBOT_VAR", str(BASE_DIR / "var")))
MODEL_DIR = BASE_DIR / env.str("SUPPORTBOT_MODEL", "models/fennmoor")
MODELS = VAR / "models"  # a folder for each checkpoint beside the one of MODEL_DIR
BACKEND = backend("SUPPORTBOT_BACKEND")
BACKEND_KEY = env.str("SUPPORTBOT_BACKEND_KEY", "").strip()
BACKEND_EXPERTS = env.int("SUPPORTBOT_BACKEND_EXPERTS", 0)  # routed experts of a model whose server tells its routing
ANSWERS = "both"  # who answers: the model, checked, and passages; for comparisons "quote" or "model" alone, unchecked
REPLY_DEADLINE = env.float("SUPPORTBOT_REPLY_DEADLINE", 25.0)  # seconds that one attempt at a reply may take
OUTGOING_NETWORKS = words(env.str("SUPPORTBOT_OUTGOING_NETWORKS", ""))  # not public, yet open to what users name
MESSENGER_APIS = {  # without a slash at the end; Telegram's can be a Bot API server of one's own
    "telegram": env.str("SUPPORTBOT_TELEGRAM_API", "https://api.telegram.org"),
    "whatsapp": env.str("SUPPORTBOT_WHATSAPP_API", "https://graph.facebook.com/v23.0"),
    "slack": env.str("SUPPORTBOT_SLACK_API", "https://slack.com/api"),
}
TRANSLATION_MODELS = env.str("SUPPORTBOT_TRANSLATION_MODELS", "")  # a folder of Marian models, one for each direction
TRANSLATION_SECONDS = env.float("SUPPORTBOT_TRANSLATION_SECONDS", 8.0)  # that one translation may take
ATTACHMENT_MB = env.int("SUPPORTBOT_ATTACHMENT_MB", 10)  # of one file
DATASETS_MB = env.int("SUPPORTBOT_DATASETS_MB", 4096)  # of all datasets of a workspace, with files on their way
EXPORT_DAYS = env.int("SUPPORTBOT_EXPORT_DAYS", 7)  # that the export of a workspace can be downloaded
DELETION_DAYS = env.int("SUPPORTBOT_DELETION_DAYS", 7)  # that the deletion of a workspace can be undone
SIGN_UP = env.bool("SUPPORTBOT_SIGN_UP", False)  # whether strangers may make workspaces of their own
STRIPE_API = env.str("SUPPORTBOT_STRIPE_API", "")  # a stand-in for Stripe, to try things out
SCANNER = scanner("SUPPORTBOT_SCANNER")
METRICS = address("SUPPORTBOT_METRICS")  # where each process tells its metrics
INFERENCE_THREADS = env.int("SUPPORTBOT_INFERENCE_THREADS", 32)  # conversations that one worker answers at once

SECRET_KEY_FALLBACKS = words(env.str("DJANGO_SECRET_KEY_FALLBACKS", ""))  # former keys: they open and verify, still

VAR.mkdir(parents=True, exist_ok=True)
if EMBEDDED:
    SECRET_KEY = secret_key_on_disk()
    ALLOWED_HOSTS = words(env.str("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver"))
    CSRF_TRUSTED_ORIGINS = words(env.str("CSRF_TRUSTED_ORIGINS", ""))
    SITE_ADDRESS = (CSRF_TRUSTED_ORIGINS or [f"http://127.0.0.1:{env.int('PORT', 8000)}"])[0]  # for links in e-mails
    REDIS_URL = ""
    DATABASES: dict[str, Any] = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR / "supportbot.sqlite3",
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }
    CHANNEL_LAYERS: dict[str, Any] = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CACHES: dict[str, Any] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
else:
    SECRET_KEY = required("DJANGO_SECRET_KEY", "a long random string, as from: openssl rand -base64 48")
    required("DATABASE_URL", "the address of PostgreSQL, as postgres://user:password@host:5432/supportbot")
    REDIS_URL = required("REDIS_URL", "the address of Redis, as redis://host:6379/0")
    ALLOWED_HOSTS = words(required("ALLOWED_HOSTS", "the host names that serve the site, as support.example.com"))
    CSRF_TRUSTED_ORIGINS = words(
        required("CSRF_TRUSTED_ORIGINS", "the site's addresses with scheme, as https://support.example.com")
    )
    SITE_ADDRESS = CSRF_TRUSTED_ORIGINS[0]  # for links in e-mails
    DATABASES = {"default": env.db_url("DATABASE_URL")}
    if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must name PostgreSQL, as postgres://user:password@host/supportbot")
    DATABASES["default"] |= {
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", 40), "timeout": 10}},
    }
    # The kernel notices a Redis that is out of reach. A timeout of the client's own (asyncio.wait_for of Python 3.11)
    # swallows the end of a socket that comes while it writes, and the socket's consumer stays for ever. One retry
    # replaces a connection that a restart of Redis has broken.
    channel_host = {
        "address": REDIS_URL,
        "socket_connect_timeout": 3,
        "socket_timeout": None,
        "socket_keepalive": True,
        "socket_keepalive_options": {
            socket.TCP_KEEPIDLE: 10,
            socket.TCP_KEEPINTVL: 5,
            socket.TCP_KEEPCNT: 2,
            socket.TCP_USER_TIMEOUT: 20_000,
        },
        "retry": Retry(NoBackoff(), 1),
    }
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [channel_host], "capacity": 1000},
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "supportbot.workspaces.steady_cache.SteadyRedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 3, "socket_timeout": 3},
        }
    }

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "supportbot.analytics.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "ninja",
    "supportbot",
    "supportbot.workspaces",
    "supportbot.knowledge",
    "supportbot.actions",
    "supportbot.chat",
    "supportbot.billing",
    "supportbot.widget",
    "supportbot.analytics",
    "supportbot.dashboard",
    "supportbot.api",
    "supportbot.channels.apps.ChannelsConfig",
    "supportbot.offboarding",
]

MIDDLEWARE = [
    "supportbot.telemetry.middleware.watched",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "supportbot.workspaces.middleware.ContentSecurityPolicy",
    "supportbot.api.middleware.api_answers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "supportbot.workspaces.logins.note_logins",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "supportbot.urls"
ASGI_APPLICATION = "supportbot.asgi.application"
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
            ]
        },
    }
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_LENGTH = 12
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ["email", "name"]}),
        ("MinimumLengthValidator", {"min_length": PASSWORD_LENGTH}),
        ("CommonPasswordValidator", {}),
    )
]
AUTH_PASSWORD_VALIDATORS.append({"NAME": "supportbot.workspaces.passwords.NotObviousHere"})
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/inbox/"
LOGOUT_REDIRECT_URL = "/login/"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = login_name
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_VERBOSE = False
ACCOUNT_ADAPTER = "supportbot.workspaces.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_DISPLAY = str
ACCOUNT_EMAIL_VERIFICATION = "none"  # an address comes from who vouches for it, or by a link that was sent to it
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login": False}  # `account.SignIn` counts, also without a cache; axes the tries at one login
SOCIALACCOUNT_ADAPTER = "supportbot.workspaces.sign_on.adapter.SignOnAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}
MFA_ADAPTER = "supportbot.workspaces.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Supportbot"
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds by which a clock may be wrong
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED  # http://localhost, which browsers trust as well
PASSWORD_RESET_TIMEOUT = 3600  # seconds that a link to a new password lasts

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = EMBEDDED
# WhiteNoise reads its files with blocking calls; Django says so once for each file.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
WHITENOISE_AUTOREFRESH = False
MEDIA_ROOT = VAR / "files"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

UNFOLD = {
    "SITE_TITLE": "Supportbot",
    "SITE_HEADER": "Supportbot",
    "SITE_SUBHEADER": "Administration",
    "SITE_URL": "/inbox/",
    "SITE_ICON": lambda request: static("icons/supportbot.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("icons/supportbot.svg")},
    ],
    "SHOW_BACK_BUTTON": True,
    "ACCOUNT": {"navigation": [{"title": "Your account", "link": "/account/"}]},
    "COLORS": {
        "primary": {
            "50": "#f0f4fd",
            "100": "#e6edfb",
            "200": "#c9d8f6",
            "300": "#b0c8ff",
            "400": "#8fb2ff",
            "500": "#7da3f7",
            "600": "#1f57c8",
            "700": "#174399",
            "800": "#1b3a78",
            "900": "#1e2b47",
            "950": "#0b1a3a",
        }
    },
    "SIDEBAR": {"show_search": True, "navigation": "supportbot.analytics.navigation.sidebar"},
}

HTTPS_ONLY = env.bool("HTTPS_ONLY", False)  # behind a proxy that ends TLS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 7 * 86_400  # seconds without a request; `logins.LONGEST` ends it in any case
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True  # pages bring the token along, scripts read it there
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS_ONLY else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS_ONLY else "csrftoken"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

vars().update(env.email_url("EMAIL_URL", "consolemail://" if EMBEDDED else "smtp://localhost:25"))
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "support@localhost")
EMAIL_TIMEOUT = 20  # seconds
EMAIL_AFTER = env.int(
    "SUPPORTBOT_EMAIL_AFTER", 60
)  # seconds that an answer waits for the customer to see it in the chat

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"polling_interval": 0.01}  # seconds; the broker in memory would look for tasks but once a second
    if EMBEDDED
    else {"visibility_timeout": 60, "socket_connect_timeout": 3, "socket_timeout": 20}
)
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "supportbot.chat.tasks.write_reply": {"queue": "inference"},
    "supportbot.knowledge.tasks.index": {"queue": "inference"},
    "supportbot.chat.tasks.suggest": {"queue": "inference"},
    "supportbot.analytics.tasks.find_gaps": {"queue": "inference"},
    "supportbot.chat.authoring.tasks.write": {"queue": "background"},
    "supportbot.chat.authoring.tasks.propose": {"queue": "inference"},
    "supportbot.chat.tasks.explore": {"queue": "background"},
    "supportbot.chat.tasks.compare": {"queue": "background"},
    "supportbot.chat.tasks.learn": {"queue": "background"},
    "supportbot.analytics.tasks.evaluate": {"queue": "background"},
    "supportbot.analytics.datasets.tasks.take": {"queue": "background"},
    "supportbot.analytics.datasets.tasks.link": {"queue": "background"},
    "supportbot.analytics.datasets.tasks.forget": {"queue": "background"},
    "supportbot.offboarding.tasks.write_export": {"queue": "background"},
    "supportbot.offboarding.tasks.delete_workspace": {"queue": "background"},
    "supportbot.chat.tasks.translate": {"queue": "translation"},
    "supportbot.chat.rules.tasks.run": {"queue": "rules"},
    "supportbot.api.tasks.send": {"queue": "webhooks"},
    "supportbot.channels.tasks.poll": {"queue": "webhooks"},
    "supportbot.channels.tasks.send": {"queue": "webhooks"},
    "supportbot.channels.tasks.receive": {"queue": "webhooks"},
    "supportbot.channels.tasks.post": {"queue": "webhooks"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "invoices": {"task": "supportbot.actions.tasks.send_invoices", "schedule": 60.0, "options": {"expires": 60}},
    "sweep": {"task": "supportbot.chat.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "sweep-rules": {"task": "supportbot.chat.rules.tasks.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "sweep-api": {"task": "supportbot.api.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "sweep-channels": {"task": "supportbot.channels.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "sweep-analytics": {"task": "supportbot.analytics.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "datasets": {"task": "supportbot.analytics.datasets.tasks.tend", "schedule": 30.0, "options": {"expires": 30}},
    "sweep-offboarding": {
        "task": "supportbot.offboarding.tasks.sweep",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "routing": {"task": "supportbot.analytics.routing.tasks.tend", "schedule": 15.0, "options": {"expires": 15}},
    "sweep-billing": {"task": "supportbot.billing.tasks.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "sweep-knowledge": {"task": "supportbot.knowledge.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
}

timestamper = structlog.processors.TimeStamper(fmt="iso", utc=True)
shared_processors: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    add_trace,
    timestamper,
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *shared_processors,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.dev.ConsoleRenderer(colors=False)
            if EMBEDDED
            else structlog.processors.JSONRenderer(),
            "foreign_pre_chain": [*shared_processors, structlog.processors.format_exc_info],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "loggers": {name: {"level": "WARNING"} for name in ("celery", "kombu", "httpx")},  # they would tell of each sweep
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING" if EMBEDDED else "INFO")},
}
