"""Panels that show what a form would do while it is edited (``jobs/static/jobs/live_panel.js``)."""

from collections.abc import Callable
from typing import Any, Protocol

from django.http import JsonResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

LIVE_SCRIPT = "jobs/live_panel.js"


class LiveForm(Protocol):
    """A form that fills ``panel`` when it is valid, and writes nothing."""

    panel: SafeString

    @property
    def errors(self) -> Any:
        """What is wrong, by field."""

    def is_valid(self) -> bool:
        """Judge the form as it stands."""


def live_panel(shown: SafeString, *, url: str, key: str) -> SafeString:
    """Return a panel that the script keeps up to date by asking ``url``; with none it stays."""
    return render_to_string("jobs/admin/preview.html", {"shown": shown, "url": url, "id": key})


def answer_form(form: LiveForm, *, otherwise: Callable[[str | None], SafeString]) -> JsonResponse:
    """Answer what a form would do; or what is wrong by field, and ``otherwise`` in the panel.

    That is given what is wrong with the form as a whole.
    """
    if form.is_valid():
        return answer_panel(form.panel)
    problems = {name: " ".join(map(str, errors)) for name, errors in form.errors.items()}
    return answer_panel(otherwise(problems.pop("__all__", None)), problems)


def answer_panel(shown: SafeString, problems: dict[str, str] | None = None) -> JsonResponse:
    """Answer the script."""
    return JsonResponse({"panel": shown, "problems": problems or {}})
