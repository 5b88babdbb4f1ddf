"""All addresses of the platform."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from core.api.documents import DocsPage, SchemaDocument
from core.api.fallbacks import unknown_address
from core.api.routes import EitherSlash, route
from executions.admin.dashboard import show_live_part
from executions.views import (
    BackfillViewSet,
    CallbackReceiver,
    DashboardStats,
    DrainWorker,
    ExecutionTrends,
    ExecutionViewSet,
    HoldViewSet,
    JobViewSet,
    LockViewSet,
    QueueViewSet,
    RunViewSet,
    ScheduleViewSet,
    StaleJobs,
    TopFailingJobs,
    UndrainWorker,
    UpcomingJobs,
    WorkerList,
)
from jobs.views import CalendarViewSet, DependencyViewSet, DependentViewSet, ExclusionViewSet
from scheduler_project.health import Jobs, Live, Ready

OF_JOB = f"jobs/(?P<job_id>{JobViewSet.lookup_value_regex})/"

router = EitherSlash()
router.register("jobs", JobViewSet, basename="job")
router.register(OF_JOB + "dependencies", DependencyViewSet, basename="dependency")
router.register(OF_JOB + "dependents", DependentViewSet, basename="dependent")
router.register("schedules", ScheduleViewSet, basename="schedule")
router.register("executions", ExecutionViewSet, basename="execution")
router.register("backfills", BackfillViewSet, basename="backfill")
router.register("runs", RunViewSet, basename="run")
router.register("queues", QueueViewSet, basename="queue")
router.register("holds", HoldViewSet, basename="hold")
router.register("locks", LockViewSet, basename="lock")
router.register("calendars", CalendarViewSet, basename="calendar")
router.register("exclusions", ExclusionViewSet, basename="exclusion")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/dashboard/", show_live_part, name="dashboard-live"),
    path("admin/", admin.site.urls),
    path("api/", include(router.urls)),
    route(
        "api/callbacks/(?P<token>[A-Za-z0-9_-]{20,100})",
        CallbackReceiver.as_view(),
        name="callback-receiver",
    ),
    route("api/workers", WorkerList.as_view(), name="worker-list"),
    route(r"api/workers/(?P<name>[^/\x00]+)/drain", DrainWorker.as_view(), name="worker-drain"),
    route(
        r"api/workers/(?P<name>[^/\x00]+)/undrain",
        UndrainWorker.as_view(),
        name="worker-undrain",
    ),
    route("api/dashboard/stats", DashboardStats.as_view(), name="dashboard-stats"),
    route(
        "api/dashboard/execution-trends",
        ExecutionTrends.as_view(),
        name="dashboard-execution-trends",
    ),
    route(
        "api/dashboard/top-failing-jobs",
        TopFailingJobs.as_view(),
        name="dashboard-top-failing-jobs",
    ),
    route("api/dashboard/upcoming-jobs", UpcomingJobs.as_view(), name="dashboard-upcoming-jobs"),
    route("api/dashboard/stale-jobs", StaleJobs.as_view(), name="dashboard-stale-jobs"),
    route("api/schema", SchemaDocument.as_view(), name="schema"),
    route("api/docs", DocsPage.as_view(), name="api-docs"),
    route("health/live", Live.as_view(), name="health-live"),
    route("health/ready", Ready.as_view(), name="health-ready"),
    route("health/jobs", Jobs.as_view(), name="health-jobs"),
    re_path("^(?:api|health)(?:/|$)", unknown_address),
]

handler400 = "core.api.fallbacks.bad_request"
handler403 = "core.api.fallbacks.permission_denied"
handler404 = "core.api.fallbacks.page_not_found"
handler500 = "core.api.fallbacks.server_error"
