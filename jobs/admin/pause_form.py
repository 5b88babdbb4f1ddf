"""The page that asks why schedules are paused, and until when."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextInputWidget

from core.admin_page import PlatformAdmin
from core.errors import InvalidInput, Refused
from jobs.models import JobSchedule

_ANSWERED = "_answered"

Pause = Callable[[JobSchedule, str, datetime | None], object]


class PauseForm(forms.Form):
    """Why, and until when."""

    reason = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        help_text="Everybody who looks at the schedule reads it, and the audit trail keeps it.",
    )
    until = forms.SplitDateTimeField(
        required=False,
        label="Until (UTC)",
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="It resumes by itself then. Empty: until somebody resumes it.",
    )


def ask_pause(
    admin: PlatformAdmin, request: HttpRequest, schedules: Iterable[JobSchedule], pause: Pause
) -> TemplateResponse | None:
    """Show the form; once it is filled in well, pause each and return None."""
    rows = list(schedules)
    form = PauseForm(request.POST if _ANSWERED in request.POST else None)
    if form.is_bound and form.is_valid() and _pause_each(admin, request, rows, form, pause):
        return None
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Pause? Slots of that time do not run, and count as paused, not as missed.",
        "form": form,
        "objects": [(row.pk, admin.page_title(row)) for row in rows],
        "came_from": admin._came_from(request),
        "changelist": reverse("admin:jobs_jobschedule_changelist"),
        "media": admin.media + form.media,
    }
    return TemplateResponse(request, "jobs/admin/pause.html", context)


def _pause_each(
    admin: PlatformAdmin,
    request: HttpRequest,
    schedules: list[JobSchedule],
    form: PauseForm,
    pause: Pause,
) -> bool:
    """Pause all; False when the form itself is refused, which it then says."""
    names = []
    for schedule in schedules:
        try:
            pause(schedule, form.cleaned_data["reason"], form.cleaned_data["until"])
        except InvalidInput as refusal:
            for problem in refusal.problems:
                form.add_error(
                    problem.field if problem.field in form.fields else None, problem.detail
                )
            return False
        except Refused as refusal:
            said = f"{admin.page_title(schedule)}: {refusal.detail}"
            admin.message_user(request, said, messages.ERROR)
        else:
            names.append(admin.page_title(schedule))
    if names:
        named = names[0] if len(names) == 1 else f"{len(names)} schedules"
        admin.message_user(request, f"Paused: {named}.", messages.SUCCESS)
    return True
