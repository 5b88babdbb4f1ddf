"""What executions add to jobs in the admin: Run now, and how it went lately."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import admin_actor
from audit.trail import Actor
from core.admin_display import NOTHING, link, link_to
from core.admin_page import Link, Section
from executions.admin.backfill_form import ask_backfill
from executions.admin.breaker import BreakerAdmin
from executions.admin.display import status_badge
from executions.admin.hold import hold_link
from executions.admin.parameters import form_for
from executions.admin.run_form import Question, answers, ask_parameters, wants_form
from executions.admin.strip import small_strip, strip_of
from executions.models import JobExecution
from executions.services import trigger
from jobs.admin import JobAdmin
from jobs.models import JobDefinition, JobStatus

_LATELY = 10

admin.site.unregister(JobDefinition)


@admin.register(JobDefinition)
class RunnableJobAdmin(BreakerAdmin):
    """A job, and its executions."""

    list_display = (*JobAdmin.list_display[:2], "last_execution", *JobAdmin.list_display[2:])
    actions = ("run_now", "backfill", "open_breaker", "close_breaker", *JobAdmin.actions)

    def get_queryset(self, request: HttpRequest) -> Any:
        newest = JobExecution.objects.filter(job=OuterRef("pk")).order_by("-id")
        recent = newest.values(one=JSONObject(id="id", status="status"))[:_LATELY]
        return super().get_queryset(request).annotate(recent=ArraySubquery(recent))

    def has_run_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "executions.add_jobexecution")

    def page_buttons(self, obj: JobDefinition) -> Iterable[str]:
        can_run = obj.status == JobStatus.ACTIVE and obj.allow_manual_trigger
        return (*(["run_now", "backfill"] if can_run else []), *super().page_buttons(obj))

    def page_sections(self, request: HttpRequest, obj: JobDefinition) -> Iterable[Section]:
        if self.may(request, "executions.view_jobexecution"):
            yield Section("Last executions", strip_of(obj), is_above=True)
        yield from super().page_sections(request, obj)

    def page_links(self, request: HttpRequest, obj: JobDefinition) -> Iterable[Link]:
        yield from super().page_links(request, obj)
        if self.may(request, "jobs.add_hold") and obj.status != JobStatus.ARCHIVED:
            yield hold_link(scope="job", key=obj.pk)

    @admin.action(description="Run now …", permissions=["run"])
    def run_now(self, request: HttpRequest, queryset: Any) -> Any:
        """Ask for the parameters of one; open an execution of several without parameters."""
        actor = admin_actor(request)
        if wants_form(request):
            return self._ask_run(request, queryset.first(), actor)
        question = "Run now, each without parameters?"
        if page := self.ask(request, queryset, action="run_now", question=question):
            return page

        def run(job: JobDefinition) -> None:
            execution = trigger(actor=actor, job=job)
            said = format_html("{} runs now: {}.", job, link(execution, "execution"))
            self.message_user(request, said, messages.SUCCESS)

        return self.act_on_each(request, queryset, run)

    @admin.action(description="Backfill …", permissions=["run"])
    def backfill(self, request: HttpRequest, queryset: Any) -> Any:
        """Ask which slots of the past of one job are to run."""
        jobs = list(queryset[:2])
        if len(jobs) != 1:
            self.message_user(request, "Choose one job to backfill.", messages.ERROR)
            return None
        return ask_backfill(self, request, jobs[0], admin_actor(request))

    def _ask_run(self, request: HttpRequest, job: JobDefinition | None, actor: Actor) -> Any:
        if job is None:
            self.message_user(request, "This job is not there any more.", messages.ERROR)
            return None
        question = Question(
            action="run_now",
            title=f"Run now: {job}",
            button="Run now",
            form=form_for(job.parameter_schema, answers(request)),
            run=lambda parameters: trigger(actor=actor, job=job, parameters=parameters),
        )
        return ask_parameters(self, request, job, question)

    @admin.display(description="last execution")
    def last_execution(self, job: Any) -> SafeString:
        if not job.recent:
            return NOTHING
        last = job.recent[0]
        shown = link_to(JobExecution, last["id"], status_badge(last["status"]))
        return format_html("{}<br>{}", shown, small_strip(job.recent))
