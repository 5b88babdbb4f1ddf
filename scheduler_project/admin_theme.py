"""How the admin looks and what its sidebar leads to (django-unfold's settings)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

# Slate and indigo: neither is the colour of a status.
_SLATE = {
    "50": "#f8fafc",
    "100": "#f1f5f9",
    "200": "#e2e8f0",
    "300": "#cbd5e1",
    "400": "#94a3b8",
    "500": "#64748b",
    "600": "#475569",
    "700": "#334155",
    "800": "#1f2937",
    "900": "#111827",
    "950": "#0b1120",
}
_INDIGO = {
    "50": "#eef2ff",
    "100": "#e0e7ff",
    "200": "#c7d2fe",
    "300": "#a5b4fc",
    "400": "#a5b4fc",
    "500": "#818cf8",
    "600": "#4f46e5",
    "700": "#4338ca",
    "800": "#3730a3",
    "900": "#312e81",
    "950": "#1e1b4b",
}
_ENVIRONMENT_LOOKS = {"DEV": "info", "HOM": "warning", "PROD": "danger"}

# Group, then (title, icon, URL name, permission); everybody who gets in may see the overview.
_PAGES: list[tuple[str, list[tuple[str, str, str, str | None]]]] = [
    ("", [("Overview", "dashboard", "admin:index", None)]),
    (
        "Work",
        [
            ("Jobs", "work", "admin:jobs_jobdefinition_changelist", "jobs.view_jobdefinition"),
            ("Schedules", "event", "admin:jobs_jobschedule_changelist", "jobs.view_jobschedule"),
            (
                *("Executions", "play_circle", "admin:executions_jobexecution_changelist"),
                "executions.view_jobexecution",
            ),
            (
                *("Backfills", "history", "admin:executions_backfill_changelist"),
                "executions.view_jobexecution",
            ),
            (
                *("Calendars", "calendar_month", "admin:jobs_holidaycalendar_changelist"),
                "jobs.view_holidaycalendar",
            ),
            (
                *("Exclusions", "event_busy", "admin:jobs_exclusionwindow_changelist"),
                "jobs.view_exclusionwindow",
            ),
            ("Queues", "stacks", "admin:jobs_queue_changelist", "jobs.view_queue"),
            ("Holds", "front_hand", "admin:jobs_hold_changelist", "jobs.view_hold"),
            ("Workers", "dns", "admin:executions_worker_changelist", "executions.view_worker"),
        ],
    ),
    (
        "People",
        [
            ("Audit trail", "policy", "admin:audit_jobaudit_changelist", "audit.view_jobaudit"),
            ("API tokens", "key", "admin:core_apitoken_changelist", "core.view_apitoken"),
            ("Users", "person", "admin:auth_user_changelist", "auth.view_user"),
            ("Groups", "group", "admin:auth_group_changelist", "auth.view_group"),
        ],
    ),
]


def environment_badge(request: HttpRequest) -> tuple[str, str]:
    """Return the environment's name and the colour it is shown in."""
    name = settings.SCHEDULER_ENVIRONMENT
    return name, _ENVIRONMENT_LOOKS.get(name, "info")


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of links, each with what this user may see."""
    groups = [
        {
            "title": title,
            "items": [
                {"title": page, "icon": icon, "link": reverse(name)}
                for page, icon, name, permission in pages
                if permission is None or request.user.has_perm(permission)
            ],
        }
        for title, pages in _PAGES
    ]
    return [group for group in (*groups, _elsewhere()) if group["items"]]


def _elsewhere() -> dict[str, Any]:
    places = [
        ("API docs", "menu_book", "/api/docs"),
        ("Flower", "local_florist", settings.FLOWER_URL),
    ]
    # Unfold compares paths to find the page one is on; another site's path means nothing here.
    links = [
        {"title": title, "icon": icon, "link": url, "active": False}
        for title, icon, url in places
        if url
    ]
    return {"title": "Elsewhere", "items": links}


def make_theme(product_name: str) -> dict[str, Any]:
    """Return the value of the setting ``UNFOLD``."""
    return {
        "SITE_TITLE": product_name,
        "SITE_HEADER": product_name,
        "SITE_URL": None,
        "SITE_SYMBOL": "schedule",
        "SITE_FAVICONS": [
            {
                "rel": "icon",
                "type": "image/svg+xml",
                "href": lambda request: static("core/icon.svg"),
            }
        ],
        "SHOW_VIEW_ON_SITE": False,
        "ENVIRONMENT": "scheduler_project.admin_theme.environment_badge",
        "STYLES": [
            lambda request: static("core/admin.css"),
            lambda request: static("jobs/admin.css"),
            lambda request: static("executions/admin.css"),
        ],
        "SCRIPTS": [
            lambda request: static("core/admin.js"),
            lambda request: static("executions/admin.js"),
        ],
        "DASHBOARD_CALLBACK": "executions.admin.dashboard.dashboard_callback",
        "COLORS": {"base": _SLATE, "primary": _INDIGO},
        "SIDEBAR": {"navigation": "scheduler_project.admin_theme.sidebar"},
    }
