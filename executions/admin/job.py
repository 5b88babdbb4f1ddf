"""What executions add to jobs in the admin: Run now, and how it went lately."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import admin_actor
from core.admin_display import NOTHING, link, link_to
from core.admin_page import Section
from executions.admin import sections
from executions.admin.display import status_badge
from executions.models import JobExecution
from executions.services import trigger
from jobs.admin import JobAdmin
from jobs.models import JobDefinition, JobStatus

admin.site.unregister(JobDefinition)


@admin.register(JobDefinition)
class RunnableJobAdmin(JobAdmin):
    """A job, and its executions."""

    list_display = (*JobAdmin.list_display[:2], "last_execution", *JobAdmin.list_display[2:])
    actions = ("run_now", *JobAdmin.actions)

    def get_queryset(self, request: HttpRequest) -> Any:
        newest = JobExecution.objects.filter(job=OuterRef("pk")).order_by("-id")
        last = newest.values(last=JSONObject(id="id", status="status"))[:1]
        return super().get_queryset(request).annotate(last=Subquery(last))

    def has_run_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "executions.add_jobexecution")

    def page_buttons(self, obj: JobDefinition) -> Iterable[str]:
        can_run = obj.status == JobStatus.ACTIVE and obj.allow_manual_trigger
        return (*(["run_now"] if can_run else []), *super().page_buttons(obj))

    def page_sections(self, request: HttpRequest, obj: JobDefinition) -> Iterable[Section]:
        if self.may(request, "executions.view_jobexecution"):
            yield Section("Latest executions", sections.executions_of(obj))
        yield from super().page_sections(request, obj)

    @admin.action(description="Run now", permissions=["run"])
    def run_now(self, request: HttpRequest, queryset: Any) -> None:
        """Open an execution of each, without parameters."""
        actor = admin_actor(request)

        def run(job: JobDefinition) -> None:
            execution = trigger(actor=actor, job=job)
            said = format_html("{} runs now: {}.", job, link(execution, "execution"))
            self.message_user(request, said, messages.SUCCESS)

        self.act_on_each(request, queryset, run)

    @admin.display(description="last execution")
    def last_execution(self, job: Any) -> SafeString:
        if job.last is None:
            return NOTHING
        return link_to(JobExecution, job.last["id"], status_badge(job.last["status"]))
