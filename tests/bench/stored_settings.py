"""Django as a project with django-celery-results sets it up: the defaults."""

import os

import environ

SECRET_KEY = "of no use to anybody"
INSTALLED_APPS = ["django.contrib.contenttypes", "django_celery_results"]
DATABASES = {"default": environ.Env().db_url("BENCH_STORED_DATABASE")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
CELERY_RESULT_BACKEND = "django-db"
if "BENCH_DB_REUSE_MAX" in os.environ:
    CELERY_DB_REUSE_MAX = int(os.environ["BENCH_DB_REUSE_MAX"])
