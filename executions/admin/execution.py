"""Executions in the admin: the list, everything about one, Cancel and Rerun."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import admin_actor
from audit.trail import Actor
from core.admin_display import link, pretty_json, short_moment
from core.admin_paging import HistoryAdmin
from core.times import show_span, show_time
from executions.admin.display import progress_words, reason_words, status_badge
from executions.admin.execution_list import FILTERS, ExecutionList
from executions.admin.execution_page import read_live_part
from executions.admin.filters import search_executions
from executions.admin.live import live_part
from executions.admin.log_tail import LogChoice, read_tail
from executions.admin.parameters import ParametersForm
from executions.admin.run_form import Question, answers, ask_parameters, wants_form
from executions.models import JobExecution
from executions.runs import Scope, cancel_run, rerun
from executions.services import cancel

_LARGE = ("input", "output", "stack_trace", "checkpoint")


@admin.register(JobExecution)
class ExecutionAdmin(HistoryAdmin):
    """Read-only: an execution is moved by the engine, stopped by Cancel, repeated by Rerun."""

    change_form_template = "executions/admin/execution/page.html"
    list_display = ("for_slot", "job_link", "state", "took", "opened_by", "says")
    list_filter = FILTERS
    list_filter_submit = True
    list_select_related = ("job",)
    search_fields = ("pk",)
    search_help_text = "The id of an execution, or the name of a job."
    actions = ("cancel", "cancel_run", "rerun", "rerun_below")
    fields = ()

    def get_urls(self) -> list[URLPattern]:
        live, log = live_part(self.show_live), live_part(self.show_log)
        return [
            path("<uuid:pk>/live/", live, name="executions_jobexecution_live"),
            path("<uuid:pk>/log/", log, name="executions_jobexecution_log"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ExecutionList

    def page_title(self, obj: JobExecution) -> str:
        return f"{obj.job}, {show_time(obj.scheduled_for)}"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("job", "schedule", "version")

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        queryset = queryset.defer(*_LARGE)
        term = search_term.strip()
        return (search_executions(queryset, term) if term else queryset), False

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "executions.change_jobexecution")

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "executions.add_jobexecution")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        execution = kwargs["obj"]
        context |= self._live_part(request, execution)
        context |= {"log": self._log(execution, LogChoice()), "input": pretty_json(execution.input)}
        return super().render_change_form(request, context, *args, **kwargs)

    def show_live(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Answer what has become of the execution since its page was loaded."""
        context = self._live_part(request, self._readable(request, pk))
        return TemplateResponse(request, "executions/admin/execution/live_answer.html", context)

    def show_log(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Answer the lines after an id, or the log anew after another choice of lines."""
        execution, choice = self._readable(request, pk), LogChoice.read(request.GET)
        after = request.GET.get("after", "")
        if not after.isdecimal():
            return HttpResponse(self._log(execution, choice))
        tail = read_tail(execution, choice, after=int(after))
        if tail["follows"] and not tail["lines"]:
            return HttpResponse(status=204)  # the page goes on asking
        return TemplateResponse(request, "executions/admin/log_lines.html", tail)

    @admin.action(description="Cancel …", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: Any) -> Any:
        """Stop the chosen ones, one page at most: a list of history is never chosen as a whole."""
        if self._chose_all(request):
            return None
        question = "Cancel? What waits ends at once; what runs is asked to stop."
        if page := self.ask(request, queryset, action="cancel", question=question):
            return page
        actor = admin_actor(request)
        return self.act_on_each(
            request,
            queryset,
            lambda execution: cancel(actor=actor, execution=execution),
            "Stopped, or its worker asked to stop it",
        )

    @admin.action(description="Cancel the run …", permissions=["cancel"])
    def cancel_run(self, request: HttpRequest, queryset: Any) -> Any:
        """Stop all that is unfinished in the runs of the chosen ones, for a reason."""
        if self._chose_all(request):
            return None
        question = "Cancel the whole run? What waits ends at once; what runs is asked to stop."
        if page := self.ask(
            request, queryset, action="cancel_run", question=question, wants_reason=True
        ):
            return page
        actor, reason = admin_actor(request), self.reason_given(request) or ""
        # Of several of one run the first speaks for all.
        first = {execution.correlation_id: execution for execution in queryset.order_by("-pk")}
        return self.act_on_each(
            request,
            first.values(),
            lambda one: cancel_run(actor=actor, correlation_id=one.correlation_id, reason=reason),
            "Its whole run was stopped, or is about to be",
        )

    @admin.action(description="Rerun with everything below …", permissions=["rerun"])
    def rerun_below(self, request: HttpRequest, queryset: Any) -> Any:
        """Run the chosen ones again, with all that comes below them in their runs."""
        if self._chose_all(request):
            return None
        question = "Run again, with everything below it? What has succeeded below is kept."
        if page := self.ask(request, queryset, action="rerun_below", question=question):
            return page
        actor = admin_actor(request)
        return self.act_on_each(
            request,
            queryset,
            lambda one: rerun(actor=actor, execution=one, scope=Scope.BELOW),
            "Runs again, with what comes below",
        )

    @admin.action(description="Rerun …", permissions=["rerun"])
    def rerun(self, request: HttpRequest, queryset: Any) -> Any:
        """Ask for the parameters of one; run several with the same parameters as before."""
        if self._chose_all(request):
            return None
        actor = admin_actor(request)
        if wants_form(request):
            return self._ask_rerun(request, queryset.get(), actor)
        question = "Run again, each with the same parameters as before?"
        if page := self.ask(request, queryset, action="rerun", question=question):
            return page
        return self.act_on_each(
            request,
            queryset,
            lambda execution: rerun(actor=actor, execution=execution),
            "Runs again",
        )

    def _ask_rerun(self, request: HttpRequest, execution: JobExecution, actor: Actor) -> Any:
        def run(parameters: dict[str, Any]) -> JobExecution:
            return rerun(actor=actor, execution=execution, parameters=parameters)[0]

        question = Question(
            action="rerun",
            title=f"Run again: {self.page_title(execution)}",
            button="Run again",
            form=ParametersForm(answers(request), parameters=execution.input),
            run=run,
        )
        return ask_parameters(self, request, execution, question)

    def _chose_all(self, request: HttpRequest) -> bool:
        if request.POST.get("select_across", "0") == "0":
            return False
        self.message_user(request, "Choose executions one by one.", messages.ERROR)
        return True

    def _readable(self, request: HttpRequest, pk: UUID) -> JobExecution:
        """Return an execution that the user may see; raise ``Http404`` when there is none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        execution: JobExecution | None = self.get_object(request, str(pk))
        if execution is None:
            raise Http404
        return execution

    def _live_part(self, request: HttpRequest, execution: JobExecution) -> dict[str, Any]:
        return {
            **read_live_part(execution),
            "may_cancel": self.has_cancel_permission(request),
            "may_rerun": self.has_rerun_permission(request),
        }

    def _log(self, execution: JobExecution, choice: LogChoice) -> SafeString:
        return render_to_string("executions/admin/log.html", read_tail(execution, choice))

    @admin.display(description="slot (UTC)")
    def for_slot(self, execution: JobExecution) -> SafeString:
        return short_moment(execution.scheduled_for)

    @admin.display(description="job")
    def job_link(self, execution: JobExecution) -> SafeString:
        return link(execution.job)

    @admin.display(description="status")
    def state(self, execution: JobExecution) -> SafeString:
        badge, attempt = status_badge(execution.status), execution.attempt
        if attempt < 2:
            return badge
        return format_html('{} <span class="quiet nowrap">attempt {}</span>', badge, attempt)

    @admin.display(description="took")
    def took(self, execution: JobExecution) -> str:
        return show_span(execution.duration_seconds, unknown="-")

    @admin.display(description="by")
    def opened_by(self, execution: JobExecution) -> SafeString:
        by = execution.triggered_by
        return format_html('<span class="shortened" title="{}">{}</span>', by, by)

    @admin.display(description="says")
    def says(self, execution: JobExecution) -> str:
        """The first line of the error, else the progress, else the reason."""
        error = (execution.error_message or "").partition("\n")[0][:100]
        return error or progress_words(execution) or reason_words(execution.reason)
