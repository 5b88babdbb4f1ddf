"""What executions add to schedules in the admin: why they fire or not, and their last slots."""

from collections.abc import Iterable

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from core.admin_page import Section
from core.clock import database_now
from executions.admin.slots import last_slots, slots_table, slots_words
from executions.why import explain_schedule
from jobs.admin import ScheduleAdmin
from jobs.models import JobSchedule

admin.site.unregister(JobSchedule)


@admin.register(JobSchedule)
class LedgerScheduleAdmin(ScheduleAdmin):
    """A schedule, and its slots."""

    def page_sections(self, request: HttpRequest, obj: JobSchedule) -> Iterable[Section]:
        yield from super().page_sections(request, obj)
        if self.may(request, "executions.view_jobexecution"):
            now = database_now()
            said = [(cause.detail,) for cause in explain_schedule(obj, now=now).causes]
            yield Section("Why", format_html_join("", "<p>{}</p>", said))
            entries = last_slots(obj, now=now)
            shown = format_html("{}{}", slots_words(entries), slots_table(entries))
            yield Section("Last slots", shown)
