"""API tokens in the admin: whose they are and whether they work; their secret is shown once."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from audit.admin_forms import ServiceAdmin, ServiceForm, admin_actor, audit_link
from audit.tokens import issue_token, revoke_token
from core.admin_display import badge, moment
from core.admin_page import Link
from core.clock import database_now
from core.models import ApiToken
from core.tokens import parse_token


class TokenForm(ServiceForm):
    """Issues a token; there is nothing to change about one."""

    days = forms.IntegerField(
        required=False,
        label="Good for (days)",
        help_text="Empty: until it is revoked.",
        widget=UnfoldAdminIntegerFieldWidget,
    )
    secret: str

    class Meta:
        model = ApiToken
        fields = ("name", "user")
        help_texts = {
            "name": "What it is for, such as the program that will use it.",
            "user": "It may do what this account may.",
        }

    def write(self) -> ApiToken:
        self.secret = issue_token(
            actor=self.actor,
            user=self.cleaned_data["user"],
            name=self.cleaned_data["name"],
            days=self.cleaned_data["days"],
        )
        parsed = parse_token(self.secret)
        return ApiToken.objects.get(key=parsed.key if parsed else None)


@admin.register(ApiToken)
class ApiTokenAdmin(ServiceAdmin):
    """Issued and revoked here, or by ``manage.py token``."""

    form = TokenForm
    list_display = ("name", "key", "user", "state", "created", "expires", "last_used")
    list_select_related = ("user",)
    search_fields = ("name", "key", "user__username")
    search_help_text = "Name, key or account."
    ordering = ("-created_at",)
    readonly_fields = ("key", "created", "expires", "last_used", "revoked")
    actions = ("revoke",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = (
            ("name", "user", "days") if obj is None else ("name", "user", *self.readonly_fields)
        )
        return ((None, {"fields": fields}),)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer oneself; only a superuser may issue tokens that act as somebody else."""
        me: Any = request.user
        users = User.objects.filter(is_active=True).order_by("username")
        if not me.is_superuser:
            users = users.filter(pk=me.pk)
        kwargs |= {"queryset": users, "initial": me.pk}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "core.change_apitoken")

    def page_head(self, request: HttpRequest, obj: ApiToken) -> SafeString:
        return self.state(obj)

    def page_buttons(self, obj: ApiToken) -> Iterable[str]:
        return () if obj.revoked_at else ("revoke",)

    def page_links(self, request: HttpRequest, obj: ApiToken) -> Iterable[Link]:
        return filter(None, [audit_link(request, obj.key)])

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """There is one way out of this form: the page that shows the secret."""
        context = {"show_save_and_continue": False, "title": "Issue an API token"}
        return super().add_view(request, form_url, {**(extra_context or {}), **context})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        obj.secret = form.secret

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Show the secret in the answer itself, and nowhere else: no message, no second look."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Token issued",
            "token": obj,
            "list_url": reverse("admin:core_apitoken_changelist"),
        }
        return TemplateResponse(request, "audit/admin/issued.html", context)

    @admin.action(description="Revoke …", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: Any) -> Any:
        question = "Revoke for good? Whoever uses it is refused from now on."
        if page := self.ask(request, queryset, action="revoke", question=question):
            return page
        actor = admin_actor(request)
        return self.act_on_each(
            request, queryset, lambda token: revoke_token(actor=actor, token=token), "Revoked"
        )

    @admin.display(description="state")
    def state(self, token: ApiToken) -> SafeString:
        if token.revoked_at:
            return badge("revoked", look="stopped", sign="block")
        if token.expires_at and token.expires_at <= database_now():
            return badge("expired", look="late", sign="timer_off")
        return badge("usable", look="good", sign="check")

    @admin.display(description="created", ordering="created_at")
    def created(self, token: ApiToken) -> SafeString:
        return moment(token.created_at)

    @admin.display(description="expires", ordering="expires_at")
    def expires(self, token: ApiToken) -> SafeString:
        return moment(token.expires_at)

    @admin.display(description="last used", ordering="last_used_at")
    def last_used(self, token: ApiToken) -> SafeString:
        return moment(token.last_used_at)

    @admin.display(description="revoked")
    def revoked(self, token: ApiToken) -> SafeString:
        return moment(token.revoked_at)
