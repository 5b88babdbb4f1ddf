"""All settings, read from the environment (12-factor). ``docs/architecture.md`` lists ours.

Names without a prefix are the ones every Django or Celery operator knows; the rest start with
``SCHEDULER_``. ``X_FILE`` may name a file that holds the value of ``X``.
"""

from scheduler_project.admin_theme import make_theme
from scheduler_project.environment import VAR_DIR, read_database, read_environment

env = read_environment()

PRODUCT_NAME = "Scheduler"

# --- Which environment and which process this is -------------------------------------------------

ENVIRONMENT_BITS = {"DEV": 1, "HOM": 2, "PROD": 4}
SCHEDULER_ENVIRONMENT = env.str("SCHEDULER_ENVIRONMENT", "DEV").upper()
SCHEDULER_PROCESS = env.str("SCHEDULER_PROCESS", "command")  # web, beat, worker, flower, command
IS_PRODUCTION = SCHEDULER_ENVIRONMENT == "PROD"

# --- Django ---------------------------------------------------------------------------------------

SECRET_KEY_FILE = VAR_DIR / "run" / "secret_key"
SECRET_KEY = env.str("SECRET_KEY", "")
if not SECRET_KEY and SECRET_KEY_FILE.exists():
    SECRET_KEY = SECRET_KEY_FILE.read_text().strip()
if not SECRET_KEY and not IS_PRODUCTION:
    SECRET_KEY = "development-only: set SECRET_KEY before anybody else can reach this installation"
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", "http://127.0.0.1:8000")

INSTALLED_APPS = [
    "core",  # before unfold: a few of its templates are ours
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "audit",
    "jobs",
    "executions",
    "scheduler_project",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.api.requests.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "scheduler_project.urls"
ASGI_APPLICATION = "scheduler_project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "executions.admin.banner.banner",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# A slash must not decide whether a call works: both forms are routed, none is redirected.
APPEND_SLASH = False
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = True
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
_HTTPS = env.bool("SCHEDULER_HTTPS", IS_PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("SCHEDULER_BEHIND_PROXY", False) else None
)

# --- PostgreSQL -----------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", "")
DATABASES = {"default": read_database(env)}
_database = DATABASES["default"]
_options = _database.setdefault("OPTIONS", {})
_options.update(
    connect_timeout=5,
    keepalives_idle=10,
    keepalives_interval=5,
    keepalives_count=3,
    tcp_user_timeout=15_000,  # milliseconds
    application_name=f"scheduler-{SCHEDULER_PROCESS}",
)
# Prepared hot statements save PostgreSQL's planning time. Switch off behind PgBouncer below 1.21.
if env.bool("SCHEDULER_PREPARE_STATEMENTS", True):
    _options["prepare_threshold"] = 2
if SCHEDULER_PROCESS == "web":
    _options["pool"] = {
        "min_size": 1,
        "max_size": env.int("SCHEDULER_WEB_CONNECTIONS", 20),
        "timeout": 5,
    }
    # A web process that freezes must not keep its row locks. Compiling a statement of the dashboard
    # takes longer than running it, but PostgreSQL estimates these by their worst case.
    _options["options"] = "-c transaction_timeout=30s -c jit=off"
else:
    _database["CONN_MAX_AGE"] = None
    _database["CONN_HEALTH_CHECKS"] = True
if SCHEDULER_PROCESS == "beat":
    # A beat that freezes inside a transaction must not keep the others from planning. PostgreSQL
    # estimates its statements by their worst case; compiling them takes longer than running them.
    _options["options"] = "-c transaction_timeout=5s -c jit=off"

# --- Celery: transport only -----------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "redis://127.0.0.1:6379/0"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 5
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 0,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "priority_steps": [0],  # priority is decided in PostgreSQL: one list per queue is enough
}
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_RETRY_ON_WORKER_LOST = False
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SEND_SENT_EVENT = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 0
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 60
CELERY_WORKER_LOST_WAIT = 0.5
CELERY_WORKER_MAX_TASKS_PER_CHILD = env.int("SCHEDULER_EXECUTIONS_PER_CHILD", 500)
CELERY_WORKER_MAX_MEMORY_PER_CHILD = env.int("SCHEDULER_CHILD_MEMORY_KB", 400_000)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULER = "executions.beat:PlatformScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1.0
# Beat reports its ticks in PostgreSQL; a thread that answers pings would delay its shutdown.
CELERY_BEAT_ENABLE_REMOTE_CONTROL = False
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_DB_REUSE_MAX = 10_000

# --- Execution: modules of handlers, and times in seconds (checked in executions/checks.py) -------

JOB_MODULES = env.list("JOB_MODULES", default=["scheduler_project.demo.handlers"])

# The platform's own jobs, known to every worker.
SYSTEM_JOB_MODULES = [
    "scheduler_project.system_jobs.handlers",
    "scheduler_project.system_jobs.ledger",
]
# Programs that out-of-process jobs may start: absolute paths, or patterns of them such as
# "/opt/reports/bin/*". None by default.
SCHEDULER_ALLOWED_COMMANDS = env.list("SCHEDULER_ALLOWED_COMMANDS", default=[])
# Images that container jobs may run: names as jobs write them, or patterns of them such as
# "registry.example.com/reports/*". None by default.
SCHEDULER_ALLOWED_IMAGES = env.list("SCHEDULER_ALLOWED_IMAGES", default=[])
SCHEDULER_DOCKER_HOST = env.str(
    "SCHEDULER_DOCKER_HOST", env.str("DOCKER_HOST", "unix:///var/run/docker.sock")
)
# What a container may use whose job does not say.
SCHEDULER_CONTAINER_MEMORY_MB = env.int("SCHEDULER_CONTAINER_MEMORY_MB", 512)
SCHEDULER_CONTAINER_CPUS = env.float("SCHEDULER_CONTAINER_CPUS", 1.0)
SCHEDULER_CONTAINER_PIDS = env.int("SCHEDULER_CONTAINER_PIDS", 256)
# The most that a job may ask for, and the networks of the Docker host that it may join beside none.
SCHEDULER_CONTAINER_MOST_MEMORY_MB = env.int("SCHEDULER_CONTAINER_MOST_MEMORY_MB", 8192)
SCHEDULER_CONTAINER_MOST_CPUS = env.float("SCHEDULER_CONTAINER_MOST_CPUS", 4.0)
SCHEDULER_CONTAINER_MOST_PIDS = env.int("SCHEDULER_CONTAINER_MOST_PIDS", 1024)
SCHEDULER_CONTAINER_NETWORKS = env.list("SCHEDULER_CONTAINER_NETWORKS", default=[])

SCHEDULER_LEASE_SECONDS = env.float("SCHEDULER_LEASE_SECONDS", 60.0)
SCHEDULER_LEASE_MARGIN_SECONDS = env.float("SCHEDULER_LEASE_MARGIN_SECONDS", 15.0)
SCHEDULER_RENEW_SECONDS = env.float("SCHEDULER_RENEW_SECONDS", 10.0)
SCHEDULER_CANCEL_POLL_SECONDS = env.float("SCHEDULER_CANCEL_POLL_SECONDS", 1.5)
SCHEDULER_CANCEL_NOTICE_SECONDS = env.float("SCHEDULER_CANCEL_NOTICE_SECONDS", 1.0)
SCHEDULER_STOP_GRACE_SECONDS = env.float("SCHEDULER_STOP_GRACE_SECONDS", 10.0)
SCHEDULER_DRAIN_SECONDS = env.float("SCHEDULER_DRAIN_SECONDS", 30.0)
SCHEDULER_RESCUE_SECONDS = env.float("SCHEDULER_RESCUE_SECONDS", 5.0)
SCHEDULER_SWEEP_SECONDS = env.float("SCHEDULER_SWEEP_SECONDS", 5.0)
SCHEDULER_PUBLISH_AGAIN_SECONDS = env.float("SCHEDULER_PUBLISH_AGAIN_SECONDS", 60.0)
SCHEDULER_PUBLISH_AGAIN_MAX_SECONDS = env.float("SCHEDULER_PUBLISH_AGAIN_MAX_SECONDS", 300.0)
SCHEDULER_HEARTBEAT_SECONDS = env.float("SCHEDULER_HEARTBEAT_SECONDS", 10.0)
SCHEDULER_MISFIRE_GRACE_SECONDS = env.float("SCHEDULER_MISFIRE_GRACE_SECONDS", 900.0)
SCHEDULER_CATCHUP_WINDOW_SECONDS = env.float("SCHEDULER_CATCHUP_WINDOW_SECONDS", 86_400.0)
SCHEDULER_SHORTEST_GAP_SECONDS = env.int("SCHEDULER_SHORTEST_GAP_SECONDS", 1)
SCHEDULER_LOG_LINES_PER_ATTEMPT = env.int("SCHEDULER_LOG_LINES_PER_ATTEMPT", 10_000)

# --- Retention: how long finished executions and their logs are kept; a job may differ ---

SCHEDULER_KEEP_DAYS = env.int("SCHEDULER_KEEP_DAYS", 90)
SCHEDULER_KEEP_EXECUTIONS = env.int("SCHEDULER_KEEP_EXECUTIONS", 0)  # per job; 0 is no limit
SCHEDULER_KEEP_LOG_DAYS = env.int("SCHEDULER_KEEP_LOG_DAYS", 30)

# --- Calls to addresses that people have written down; a denial wins ---

OUTBOUND_ALLOW_PRIVATE_NETWORKS = env.bool("OUTBOUND_ALLOW_PRIVATE_NETWORKS", False)
OUTBOUND_ALLOWED_CIDRS = env.list("OUTBOUND_ALLOWED_CIDRS", default=[])
OUTBOUND_DENIED_CIDRS = env.list("OUTBOUND_DENIED_CIDRS", default=[])

# Files with the secrets that jobs refer to, in the workers; none when empty.
SCHEDULER_SECRETS_DIR = env.str("SCHEDULER_SECRETS_DIR", "")

# --- What the conditions of schedules may ask: databases as name=url, and folders ---

SCHEDULER_CONDITION_DATABASES = [
    entry.strip() for entry in env.list("SCHEDULER_CONDITION_DATABASES", default=[])
]
SCHEDULER_CONDITION_FILE_ROOTS = env.list("SCHEDULER_CONDITION_FILE_ROOTS", default=[])

# --- Admin ----------------------------------------------------------------------------------------

UNFOLD = make_theme(PRODUCT_NAME)
LOGIN_REDIRECT_URL = "admin:index"  # for who opens the login by its own address

# --- Flower ---------------------------------------------------------------------------------------

FLOWER_URL = env.str("FLOWER_URL", "")  # where the admin links to; no link when empty

# --- REST -----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.api.authentication.BearerTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.ModelPermissions"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.api.negotiation.AlwaysJson",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "core.api.refusals.answer_problem",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "core.api.openapi.ApiSchema",
}

SPECTACULAR_SETTINGS = {
    "TITLE": f"{PRODUCT_NAME} API",
    "DESCRIPTION": "Jobs, schedules and executions. Every address may end in a slash.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/",
    "PREPROCESSING_HOOKS": ["core.api.openapi.paths.without_optional_slash"],
    "POSTPROCESSING_HOOKS": [],  # enumerations stay where they are used
    "SORT_OPERATION_PARAMETERS": False,
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- Logs -----------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}  {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        # One line per task from Celery would say again, less well, what the transitions say.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        # A child that ended itself is one line of billiard's; Celery would add two tracebacks.
        "celery.worker.request": {"level": "CRITICAL"},
        "django.request": {"level": "ERROR"},
    },
}
