"""Answers to the script that shows what a schedule would do while its form is edited."""

import re
from copy import copy
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.safestring import SafeString

from core.clock import database_now
from jobs.admin.edit_effect import DAYS, effect_of
from jobs.admin.live_panel import answer_form, answer_panel
from jobs.admin.preview import FIRES_OF_ONE, preview_fires, preview_words
from jobs.admin.schedule_form import ScheduleForm
from jobs.admin.schedule_kinds import fields_of_choice
from jobs.admin.schedule_words import CHOICES
from jobs.models import JobSchedule
from jobs.previewing import preview_change, preview_fields, preview_schedule
from jobs.scheduling import edit_schedule
from jobs.validation import refuse

_HASHED = re.compile(r"\bH\b", re.IGNORECASE)
_HASHED_LATER = "H becomes a value of the schedule's own when it is saved; this is with another."
# Left empty they mean something.
_NEED_NOTHING = {"repeat_every", "adjust_to_previous_business_day"}


class PreviewForm(ScheduleForm):
    """Judges the form as it stands, looks ahead, and writes nothing."""

    panel: SafeString

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["parameters"]
        if "job" in self.fields:
            self.fields["job"].required = False
        is_saved = not self.instance._state.adding
        # Cleaning writes into the instance.
        self.saved = copy(self.instance) if is_saved else None

    def write(self) -> JobSchedule:
        values, now = self.values(), database_now()
        del values["parameters"]
        if self.saved is None:
            values["job"] = self.cleaned_data.get("job")
            preview = preview_fields(values, after=now, count=FIRES_OF_ONE)
            hashes = _HASHED.search(values["cron_expression"] or "")
            self.panel = preview_fires(preview, note=_HASHED_LATER if hashes else "")
            return JobSchedule()
        edited: JobSchedule = copy(self.saved)
        refuse(edit_schedule(edited, values, now=now))
        preview = preview_schedule(edited, after=now, count=FIRES_OF_ONE)
        change = preview_change(self.saved, values, now=now, days=DAYS)
        self.panel = preview_fires(preview, edited, effect_of(change))
        return edited


def answer_preview(
    request: HttpRequest, form_class: type[PreviewForm], schedule: JobSchedule | None
) -> JsonResponse:
    """Answer the panel's inner part, and what is wrong by field."""
    if not _is_begun(request.POST):
        return answer_panel(preview_words())
    return answer_form(form_class(request.POST, instance=schedule), otherwise=_otherwise)


def _otherwise(problem: str | None) -> SafeString:
    return preview_words(problem or "No fires: something in the form has to be mended first.")


def _is_begun(data: Any) -> bool:
    """Nothing is said about a rule that nobody has begun to write."""
    typed = fields_of_choice(data) - CHOICES.keys() - _NEED_NOTHING
    return not typed or any(data.get(key) for name in typed for key in (name, f"{name}_0"))
