"""Probes for orchestrators and monitoring. They need no token, so they tell counts, not names.

- ``/health/live``: the process answers. It asks nobody else: a restart would not mend them.
- ``/health/ready``: database, migrations and broker; a web process without them gets no traffic.
- ``/health/jobs``: does the platform keep its promise? ``job_health.py`` has the thresholds.

An unmet probe is a 503 problem with the same ``checks``.
"""

from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.problems import Problem, ProblemRaised
from core.api.views import ApiView
from scheduler_project.job_health import job_checks

_BROKER_SECONDS = 2


class Probe(ApiView):
    """A probe: no authentication, no permission."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class HealthSerializer(serializers.Serializer[Any]):
    """A probe that is met."""

    status = serializers.ChoiceField(["ok"])


class ChecksSerializer(HealthSerializer):
    """A probe that is met, with the figures of each check."""

    checks = serializers.DictField(child=serializers.DictField())


class Live(Probe):
    """``/health/live``"""

    @extend_schema(responses=HealthSerializer)
    def get(self, request: Request) -> Response:
        """Tell that the process answers."""
        return Response({"status": "ok"})


class Ready(Probe):
    """``/health/ready``"""

    @extend_schema(responses=ChecksSerializer)
    def get(self, request: Request) -> Response:
        """Tell whether database, migrations and broker are as a web process needs them."""
        checks = {
            "database": _passes(_ask_database),
            "migrations": _passes(_require_migrations),
            "broker": _passes(_ask_broker),
        }
        return _answer(
            {name: {"ok": is_met} for name, is_met in checks.items()},
            code="not_ready",
            detail="The platform cannot serve requests: {failed}.",
        )


class Jobs(Probe):
    """``/health/jobs``"""

    @extend_schema(responses=ChecksSerializer)
    def get(self, request: Request) -> Response:
        """Tell whether jobs run as they should."""
        return _answer(
            job_checks(), code="jobs_unhealthy", detail="Jobs do not run as they should: {failed}."
        )


def _answer(checks: dict[str, dict[str, Any]], *, code: str, detail: str) -> Response:
    failed = [name for name, check in checks.items() if not check["ok"]]
    if failed:
        detail = detail.format(failed=", ".join(failed))
        raise ProblemRaised(Problem(503, code, detail, more={"checks": checks}))
    return Response({"status": "ok", "checks": checks})


def _passes(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except (DatabaseError, redis.RedisError, OSError, NotMigrated):
        return False
    return True


class NotMigrated(Exception):
    """The database lacks a migration that this code has."""


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _require_migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotMigrated


def _ask_broker() -> None:
    with redis.Redis.from_url(
        settings.CELERY_BROKER_URL,
        socket_timeout=_BROKER_SECONDS,
        socket_connect_timeout=_BROKER_SECONDS,
        retry=None,
    ) as broker:
        broker.ping()
