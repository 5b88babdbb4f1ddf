"""The page that asks for parameters before a job runs, or an execution runs again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from core.admin_display import link
from core.admin_page import PlatformAdmin
from core.errors import InvalidInput, Refused
from executions.admin.parameters import ParametersForm
from executions.models import JobExecution

_ANSWERED = "_answered"
_FROM_PAGE = "_from_page"


@dataclass(frozen=True)
class Question:
    """What is asked of whom, and what is done with the answer."""

    action: str
    title: str
    button: str
    form: ParametersForm
    run: Callable[[dict[str, Any]], JobExecution]


def answers(request: HttpRequest) -> Any:
    """Return the filled form; None when it has not been shown yet."""
    return request.POST if _ANSWERED in request.POST else None


def wants_form(request: HttpRequest) -> bool:
    """Return whether a page's button or the form itself asks, and not the list for many."""
    return _ANSWERED in request.POST or _FROM_PAGE in request.POST


def ask_parameters(
    admin: PlatformAdmin, request: HttpRequest, obj: Any, question: Question
) -> HttpResponse:
    """Show the form; once it is filled in well, run and lead to the new execution."""
    if question.form.is_bound and question.form.is_valid():
        execution = _try_run(question)
        if execution is not None:
            return _lead_to(request, obj, execution)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": question.title,
        "object": obj,
        "question": question,
        "changelist": _page(admin.opts, "changelist"),
        "back": _page(admin.opts, "change", obj.pk),
    }
    return TemplateResponse(request, "executions/admin/run_form.html", context)


def _try_run(question: Question) -> JobExecution | None:
    """Return the new execution; None when it was refused, which the form then says."""
    form = question.form
    try:
        return question.run(form.read())
    except InvalidInput as refusal:
        for problem in refusal.problems:
            field = problem.field if problem.field in form.fields else None
            form.add_error(field, problem.detail)
    except Refused as refusal:
        form.add_error(None, refusal.detail)
    return None


def _lead_to(request: HttpRequest, obj: Any, execution: JobExecution) -> HttpResponse:
    said = format_html("Opened {}.", link(execution, "a new execution"))
    messages.success(request, said)
    may_see = request.user.has_perm("executions.view_jobexecution")
    shown = execution if may_see else obj
    return HttpResponseRedirect(_page(shown._meta, "change", shown.pk))


def _page(options: Any, page: str, *keys: Any) -> str:
    return reverse(f"admin:{options.app_label}_{options.model_name}_{page}", args=keys)
