"""Holds in the admin: what is held back, and the form that holds something back."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextInputWidget

from audit.admin_forms import ServiceAdmin, ServiceForm, admin_actor, audit_link
from core.admin_display import badge, moment, short_moment
from core.admin_filters import ChoiceFilter
from core.admin_page import Link
from executions.holds import end_hold, hold
from jobs.holds import HoldTarget, change_hold
from jobs.models import Hold, HoldScope, JobDefinition


class OpenFilter(ChoiceFilter):
    """What is over is out of sight unless asked for."""

    title = "state"
    parameter_name = "state"
    all_option = ("", "In force")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ended", "Ended"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        return queryset.filter(ended_at__isnull=self.value() != "ended")


class HoldForm(ServiceForm):
    """Holds something back, or changes why and until when."""

    until = forms.SplitDateTimeField(
        required=False,
        label="Until (UTC)",
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="It ends by itself then. Empty: until somebody ends it.",
    )
    reason = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        help_text="Everybody reads it above every page, and the audit trail keeps it.",
    )

    class Meta:
        model = Hold
        fields = ("scope", "team_name", "queue", "job", "reason", "until")
        labels = {"team_name": "Team"}
        help_texts = {
            "scope": "Nothing of it is started any more; what runs goes on.",
            "team_name": "Of scope team only: its name as the jobs have it.",
            "queue": "Of scope queue only.",
            "job": "Of scope job only.",
        }

    def write(self) -> Hold:
        given = self.cleaned_data
        words = {"reason": given["reason"], "until": given["until"]}
        if not self.instance._state.adding:
            return change_hold(actor=self.actor, hold=self.instance, fields=words)
        target = HoldTarget(given["scope"], given["team_name"], given["queue"], given["job"])
        return hold(actor=self.actor, target=target, **words)

    def _get_validation_exclusions(self) -> set[str]:
        """Leave what fields mean together to the service, which says what to do."""
        return {*super()._get_validation_exclusions(), "scope"}  # type: ignore[misc]


@admin.register(Hold)
class HoldAdmin(ServiceAdmin):
    """Who holds back what, why and until when."""

    form = HoldForm
    list_display = ("what", "state", "reason", "held_by", "since", "ends")
    list_filter = (OpenFilter,)
    list_select_related = ("job",)
    ordering = ("-id",)
    actions = ("end",)
    fields = ("scope", "team_name", "queue", "job", "reason", "until")
    readonly_fields = ("held_by", "since", "ended_by", "over")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else (*self.fields, *self.readonly_fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ()
        return ("scope", "team_name", "queue", "job", *self.readonly_fields)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer everything only to those who may hold it back."""
        if db_field.name == "scope" and not self.may(request, "jobs.hold_everything"):
            kwargs["choices"] = [c for c in HoldScope.choices if c[0] != HoldScope.EVERYTHING]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "job":
            kwargs["queryset"] = JobDefinition.objects.unarchived().order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = bool(super().has_change_permission(request, obj))
        if obj is None:
            return may
        is_all = obj.scope == HoldScope.EVERYTHING
        return (
            may
            and obj.ended_at is None
            and (not is_all or self.may(request, "jobs.hold_everything"))
        )

    def page_title(self, obj: Hold) -> str:
        return f"Hold of {obj.target}"

    def page_head(self, request: HttpRequest, obj: Hold) -> SafeString:
        return self.state(obj)

    def page_buttons(self, obj: Hold) -> Iterable[str]:
        return () if obj.ended_at else ("end",)

    def page_links(self, request: HttpRequest, obj: Hold) -> Iterable[Link]:
        key = obj.job_id or obj.queue_id or obj.team_name or "everything"
        return filter(None, [audit_link(request, key)])

    @admin.action(description="End …", permissions=["change"])
    def end(self, request: HttpRequest, queryset: Any) -> Any:
        question = (
            "End? Slots that have become too late run or are skipped by their misfire policy;"
            " all else runs."
        )
        if page := self.ask(request, queryset, action="end", question=question):
            return page
        actor = admin_actor(request)
        chosen = queryset.select_related("job")
        if not self.may(request, "jobs.hold_everything"):
            chosen = chosen.exclude(scope=HoldScope.EVERYTHING)
        return self.act_on_each(
            request, chosen, lambda one: end_hold(actor=actor, hold=one), "Ended"
        )

    @admin.display(description="held")
    def what(self, hold: Hold) -> str:
        return hold.target

    @admin.display(description="state")
    def state(self, hold: Hold) -> SafeString:
        if hold.ended_at:
            return badge("ended", look="stopped", sign="check")
        is_all = hold.scope == HoldScope.EVERYTHING
        return badge("held", look="bad" if is_all else "late", sign="pause")

    @admin.display(description="since (UTC)")
    def since(self, hold: Hold) -> SafeString:
        return short_moment(hold.held_at)

    @admin.display(description="until (UTC)")
    def ends(self, hold: Hold) -> SafeString:
        return short_moment(hold.ended_at or hold.until)

    @admin.display(description="ended")
    def over(self, hold: Hold) -> SafeString:
        return moment(hold.ended_at)


def hold_link(*, scope: str, key: Any) -> Link:
    """Return the way to the open hold of a queue or job, or to the form that holds it back."""
    of_it = Hold.objects.open().filter(scope=scope, **{scope: key})
    if (pk := of_it.values_list("pk", flat=True).first()) is not None:
        return Link(reverse("admin:jobs_hold_change", args=[pk]), "Held: show", "pause")
    url = reverse("admin:jobs_hold_add", query={"scope": scope, scope: str(key)})
    return Link(url, "Hold …", "pause")
