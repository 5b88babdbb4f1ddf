"""What a job waits for, as rows of its page, and what waits for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import transaction
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget

from audit.admin_forms import admin_actor
from audit.trail import Actor
from core.admin_display import badge, link, table
from core.admin_fields import JsonObjectTextField
from core.errors import InvalidInput, Refused
from core.times import show_span
from jobs.dependencies import add_dependency, change_dependency, remove_dependency
from jobs.models import DependencyCondition, JobDefinition, JobDependency, JobStatus

if TYPE_CHECKING:
    StackedInline = Any
    ModelForm = forms.ModelForm[Any]
    FormSet = BaseInlineFormSet[Any, Any, Any]
else:
    from unfold.admin import StackedInline

    ModelForm = forms.ModelForm
    FormSet = BaseInlineFormSet

_MOST_DEPENDENTS = 50
_FIELDS = (
    *("upstream", "condition", "fail_if_dependency_fails", "delay_after_completion_seconds"),
    *("output_mapping", "is_active"),
)
CONDITIONS = {
    DependencyCondition.SUCCESS: "has succeeded",
    DependencyCondition.FAILURE: "has failed or timed out",
    DependencyCondition.COMPLETION: "has ended, in whatever way",
}


class DependencyForm(ModelForm):
    """One job that is waited for. What is wrong with the row is the service's to say."""

    upstream = forms.ModelChoiceField(
        JobDefinition.objects.none(), label="Waits for", widget=UnfoldAdminSelectWidget
    )
    output_mapping = JsonObjectTextField(
        required=False,
        empty={},
        label="Parameters from its output",
        help_text='Each with its path there, such as {"rows": "counts.rows"}.',
    )

    class Meta:
        model = JobDependency
        fields = _FIELDS
        labels = {
            "condition": "Until it",
            "fail_if_dependency_fails": "Or else is skipped",
            "delay_after_completion_seconds": "Delay (seconds)",
            "is_active": "Active",
        }
        help_texts = {
            "delay_after_completion_seconds": "From the end of that job on.",
            "fail_if_dependency_fails": "Not ticked: it runs regardless.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["condition"].choices = list(CONDITIONS.items())  # type: ignore[attr-defined]
        upstream: Any = self.fields["upstream"]
        if self.instance._state.adding:
            upstream.queryset = JobDefinition.objects.unarchived().order_by("name")
        else:
            upstream.queryset = JobDefinition.objects.filter(pk=self.instance.upstream_id)
            upstream.disabled = True  # the two jobs of a dependency stay the same

    def validate_unique(self) -> None:
        """Leave it to the service."""

    def validate_constraints(self) -> None:
        """Leave it to the service."""

    @contextmanager
    def showing_refusals(self) -> Iterator[None]:
        """Let what the service refuses inside stand at its field."""
        try:
            with transaction.atomic():
                yield
        except InvalidInput as refusal:
            for problem in refusal.problems:
                field = problem.field if problem.field in self.fields else None
                self.add_error(field, problem.detail)
        except Refused as refusal:
            self.add_error(None, refusal.detail)


class DependencyFormSet(FormSet):
    """The rows together: they are tried out in a savepoint, and then written for good."""

    actor: Actor

    def validate_unique(self) -> None:
        """Leave it to the service, which names the two jobs."""

    def clean(self) -> None:
        """Ask the service whether it would accept all rows, those that go first."""
        super().clean()
        if any(self.errors):
            return
        with transaction.atomic():
            for form in self.deleted_forms:
                if form.instance.pk and not form.instance._state.adding:
                    self.delete_existing(form.instance)
            for form in self.initial_forms:
                if form.has_changed() and form not in self.deleted_forms:
                    with form.showing_refusals():
                        self.save_existing(form, form.instance)
            for form in self.extra_forms:
                if form.has_changed() and form not in self.deleted_forms:
                    with form.showing_refusals():
                        self.save_new(form)
            transaction.set_rollback(True)

    def save_new(self, form: Any, commit: bool = True) -> Any:
        fields = {name: form.cleaned_data[name] for name in _FIELDS}
        return add_dependency(actor=self.actor, job=self.instance, fields=fields)

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:
        fields = {name: form.cleaned_data[name] for name in _FIELDS}
        return change_dependency(actor=self.actor, dependency=obj, fields=fields)

    def delete_existing(self, obj: Any, commit: bool = True) -> None:
        remove_dependency(actor=self.actor, dependency=obj)


class DependencyInline(StackedInline):
    """What the job waits for."""

    model = JobDependency
    fk_name = "job"
    form = DependencyForm
    formset = DependencyFormSet
    fields = (
        ("upstream", "condition"),
        ("delay_after_completion_seconds", "fail_if_dependency_fails"),
        ("output_mapping", "is_active"),
    )
    extra = 0
    verbose_name_plural = "What it waits for"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("upstream").order_by("upstream__name")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.actor = admin_actor(request)  # the class is made anew for each request
        return formset

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:
        return _is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_delete_permission(request, obj)


def _is_open(job: JobDefinition | None) -> bool:
    return job is not None and job.status != JobStatus.ARCHIVED


def dependents_of(job: JobDefinition) -> SafeString:
    """What waits for the job."""
    found = job.dependents.select_related("job").order_by("job__name")[:_MOST_DEPENDENTS]
    rows = [
        (
            link(one.job),
            f"{CONDITIONS[DependencyCondition(one.condition)]}{_delay(one)}",
            "is skipped" if one.fail_if_dependency_fails else "runs regardless",
            _state(one),
        )
        for one in found
    ]
    columns = ["job", "waits until this", "or else", "state"]
    return table(columns, rows, empty="Nothing waits for it.")


def _delay(dependency: JobDependency) -> str:
    seconds = dependency.delay_after_completion_seconds
    return f", and then {show_span(seconds)}" if seconds else ""


def _state(dependency: JobDependency) -> SafeString:
    if dependency.job.status == JobStatus.ARCHIVED:
        return badge("archived", look="stopped", sign="inventory_2")
    if not dependency.is_active:
        return badge("stopped", look="late", sign="stop_circle")
    return badge("active", look="good", sign="check")
