"""The one settings file. What differs between installations comes from the environment, see docs/operations.md.

Modes (`KINEPLAN_ENV`): `production` refuses unsafe settings; `demo` (also by `KINEPLAN_DEMO=1`) shows a synthetic
clinic; `test` is for pytest; `local`, the default of manage.py, answers on this machine only.
"""

from __future__ import annotations

from email.utils import parseaddr
from pathlib import Path
from typing import Any

import django_stubs_ext
import pghistory
from django.core.exceptions import ImproperlyConfigured

from config.embedded.addresses import EngineAddresses
from config.env import EnvError, check_redis_url, environment, parse_database_url
from config.secrets import local_secret_key
from config.startup import StartFacts, start_problems

django_stubs_ext.monkeypatch()  # `ModelAdmin[Room]` and its like work at run time as well

BASE_DIR = Path(__file__).resolve().parent.parent
MODES = ("local", "production", "demo", "test")

env = environment()
try:
    DEMO_FLAG = env.flag("KINEPLAN_DEMO")
    MODE = env.choice("KINEPLAN_ENV", "demo" if DEMO_FLAG else "local", MODES)
    DEMO = MODE == "demo"
    DEBUG = env.flag("KINEPLAN_DEBUG")
    VAR_DIR = Path(env.text("KINEPLAN_VAR") or BASE_DIR / "var")
    SECRET_KEY = env.text("KINEPLAN_SECRET_KEY") or ("" if MODE == "production" else local_secret_key(VAR_DIR))
    LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
    ALLOWED_HOSTS = env.words("KINEPLAN_ALLOWED_HOSTS", () if MODE == "production" else LOCAL_HOSTS)
    CSRF_TRUSTED_ORIGINS = env.words("KINEPLAN_TRUSTED_ORIGINS")
    DATABASE_URL = env.text("DATABASE_URL")
    REDIS_URL = env.text("REDIS_URL")
    problems = start_problems(
        StartFacts(
            mode=MODE,
            debug=DEBUG,
            secret_key=SECRET_KEY,
            allowed_hosts=ALLOWED_HOSTS,
            database_url=DATABASE_URL,
            redis_url=REDIS_URL,
            demo_flag=DEMO_FLAG,
        )
    )
    if problems:
        raise EnvError("Kineplan does not start:\n- " + "\n- ".join(problems))
    ENGINES = EngineAddresses(VAR_DIR, "test" if MODE == "test" else "clinic")
    REDIS_URL = check_redis_url(REDIS_URL or ENGINES.redis_url())
    database = parse_database_url(DATABASE_URL or ENGINES.database_url())
    EMAIL_PORT = env.integer("KINEPLAN_EMAIL_PORT", 587, low=1, high=65535)
    EMAIL_USE_TLS = env.flag("KINEPLAN_EMAIL_TLS", True)
    BEHIND_TLS_PROXY = env.flag("KINEPLAN_BEHIND_TLS_PROXY", False)
except EnvError as error:
    raise ImproperlyConfigured(str(error)) from None

PRODUCTION = MODE == "production"
PUBLIC_URL = env.text("KINEPLAN_PUBLIC_URL", "http://localhost:8000").rstrip("/")

# --- Parts -----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "clinic",
    "assessments",
    "exercises",
    "plans",
    "scheduling",
    "reminders",
    "staff",
    "portal",
    "api",
    "config",
    "pgtrigger",
    "pghistory",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "django_htmx",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
]

MIDDLEWARE = [
    "config.middleware.SecurityHeadersMiddleware",  # outermost: errors carry the headers as well
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.SessionLimitsMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "clinic.middleware.ReaderZoneMiddleware",
    "clinic.middleware.AccessLogMiddleware",
    "portal.proxying.ProxyMiddleware",  # innermost: by now it is known who asks
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = True

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.platform",
            ],
        },
    },
]

# --- Data ------------------------------------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database.name,
        "USER": database.user,
        "PASSWORD": database.password,
        "HOST": database.host,
        "PORT": database.port,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Only clinic.pieces uses statements that the server prepares; a pooler between must know them (PgBouncer 1.21).
        "OPTIONS": {"connect_timeout": 5, "prepare_threshold": 2, **database.options},
    }
}
# History of every clinical table is written by triggers, deletions too, and never changes afterwards.
PGHISTORY_APPEND_ONLY = True
PGHISTORY_DEFAULT_TRACKERS = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The cache holds rate limits and the worker's heartbeat. It is a table, so that logging in does not depend on Redis.
DATABASE_CACHE: dict[str, Any] = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "config_cache",
    "OPTIONS": {"MAX_ENTRIES": 20000},
}
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"} if MODE == "test" else DATABASE_CACHE,
    "shared": DATABASE_CACHE,
}

# --- People ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if MODE == "test"
    else [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

# Staff log in with a password, patients with a code sent by e-mail; nobody signs up. docs/operations.md tells how a
# second factor (allauth.mfa) is added.
ACCOUNT_ADAPTER = "config.accounts.AccountAdapter"
ACCOUNT_FORMS = {"request_login_code": "config.accounts.PatientLoginCodeForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by the clinic, which checks the address in person
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_CHANGE_EMAIL = False
ACCOUNT_MAX_EMAIL_ADDRESSES = 1
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "request_login_code": "20/m/ip,3/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "send_link": "20/m/ip,3/5m/key",
    "enter_link": "60/m/ip",
}

# Seconds without activity after which a session ends, by role, and its longest life whatever happens.
SESSION_IDLE_STAFF = 15 * 60
SESSION_IDLE_PATIENT = 30 * 60
SESSION_ABSOLUTE = 12 * 60 * 60
SESSION_COOKIE_AGE = SESSION_ABSOLUTE
SESSION_COOKIE_NAME = "kineplan_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "kineplan_csrf"
CSRF_COOKIE_SAMESITE = "Lax"

# --- Safety of the transport -----------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # probes inside the container network speak plain HTTP
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]  # a whole catalogue each: half of one is worse than none
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = PRODUCTION
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # rows hold UTC; the clinic's and the patient's zones are data

# --- Files -----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [path for path in (BASE_DIR / "static", VAR_DIR / "static_build") if path.is_dir()]
STATIC_ROOT = VAR_DIR / "static"
MANIFEST_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"
PLAIN_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": MANIFEST_STORAGE if PRODUCTION or DEMO else PLAIN_STORAGE},
}
WHITENOISE_USE_FINDERS = not (PRODUCTION or DEMO)
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
MEDIA_ROOT = VAR_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000

# --- Mail ------------------------------------------------------------------------------------------------------------
DEMO_MAILBOX = VAR_DIR / "mailbox"
EMAIL_BACKENDS = {
    "production": "django.core.mail.backends.smtp.EmailBackend",
    "demo": "config.mailbox.MailboxBackend",
    "local": "config.mailbox.MailboxBackend",
    "test": "django.core.mail.backends.locmem.EmailBackend",
}
EMAIL_BACKEND = env.text("KINEPLAN_EMAIL_BACKEND") or EMAIL_BACKENDS[MODE]
EMAIL_HOST = env.text("KINEPLAN_EMAIL_HOST", "localhost")
EMAIL_HOST_USER = env.text("KINEPLAN_EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("KINEPLAN_EMAIL_PASSWORD")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text("KINEPLAN_EMAIL_FROM", "Kineplan <clinic@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Who hears of trouble that needs a person (reminders that are stuck), besides the staff pages.
ADMINS = [("Administrator", address) for address in env.words("KINEPLAN_ADMINS")]
UNSUBSCRIBE_MAILBOX = env.text("KINEPLAN_UNSUBSCRIBE_MAILBOX")

# --- Text messages, notifications, webhooks, metrics -----------------------------------------------------------------
# URLs of apprise with {to} for the number, or smsjsons:// for the JSON gateway; none: no text messages.
SMS_URLS = env.text("KINEPLAN_SMS_URLS").split()
PUSH_PRIVATE_KEY = env.text("KINEPLAN_PUSH_KEY")
PUSH_CONTACT = env.text("KINEPLAN_PUSH_CONTACT") or f"mailto:{parseaddr(DEFAULT_FROM_EMAIL)[1]}"
PUSH_HOSTS = tuple(name.lower() for name in env.words("KINEPLAN_PUSH_HOSTS"))
# Whole origins, plain http too: for a push service on this machine, never in production.
PUSH_TRUSTED_ORIGINS = () if PRODUCTION else tuple(env.words("KINEPLAN_PUSH_TRUSTED_ORIGINS"))
WEBHOOK_SECRET = env.text("KINEPLAN_WEBHOOK_SECRET")
METRICS_TOKEN = env.text("KINEPLAN_METRICS_TOKEN")

# --- Work in the background ------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 10 * 60
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_connect_timeout": 3, "socket_timeout": 10}
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
# Interval ticks only: a crontab in local time would be wrong twice a year. A tick asks the database what is due, so
# that a lost tick, two beats or none for hours do no harm. `expires` keeps a pile of old ticks from running at once.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "config.heartbeat": {"task": "config.tasks.heartbeat", "schedule": 10.0, "options": {"expires": 10}},
    "reminders.plan": {"task": "reminders.tasks.tick_plan", "schedule": 60.0, "options": {"expires": 60}},
    "outcomes.ask": {"task": "scheduling.tasks.tick_outcomes", "schedule": 900.0, "options": {"expires": 900}},
    "outcomes.review": {"task": "scheduling.tasks.tick_reviews", "schedule": 3600.0, "options": {"expires": 3600}},
    "plans.reviews": {"task": "plans.tasks.tick_reviews", "schedule": 300.0, "options": {"expires": 300}},
    "reminders.dispatch": {"task": "reminders.tasks.tick_dispatch", "schedule": 10.0, "options": {"expires": 10}},
    "reminders.alarm": {"task": "reminders.tasks.tick_alarm", "schedule": 30.0, "options": {"expires": 30}},
    "exercises.days": {"task": "exercises.tasks.tick_days", "schedule": 300.0, "options": {"expires": 300}},
    "plans.barriers": {"task": "plans.tasks.tick_barriers", "schedule": 900.0, "options": {"expires": 900}},
    "plans.watch": {"task": "plans.tasks.tick_watch", "schedule": 300.0, "options": {"expires": 300}},
    "plans.holds": {"task": "plans.tasks.tick_holds", "schedule": 60.0, "options": {"expires": 60}},
    "plans.verify": {"task": "plans.tasks.tick_verify", "schedule": 3600.0, "options": {"expires": 3600}},
}

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.TextParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "api.pagination.Pages",
    "EXCEPTION_HANDLER": "api.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Kineplan API",
    "DESCRIPTION": "Patients, assessments, plans, home exercises and appointments of one clinic.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    "ENUM_NAME_OVERRIDES": {
        "AppointmentState": "scheduling.models.State",
        "AppointmentKind": "scheduling.models.Kind",
        "CancelReason": "scheduling.models.CancelReason",
        "AssessmentState": "assessments.models.Assessment.State",
        "AssessmentKind": "assessments.models.Assessment.Kind",
        "PlanState": "plans.models.Plan.State",
        "PlanVersionState": "plans.models.PlanVersion.State",
        "PrescriptionState": "exercises.models.Prescription.State",
        "SessionLogState": "exercises.models.SessionLog.State",
        "SkipReason": "exercises.models.SkipReason",
    },
}

# --- Logs ------------------------------------------------------------------------------------------------------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # apprise writes numbers and tokens into its lines; what matters of them is in the outbox.
    "loggers": {"apprise": {"level": "CRITICAL", "propagate": False}},
    "root": {"handlers": ["console"], "level": env.text("KINEPLAN_LOG_LEVEL", "WARNING").upper()},
}
