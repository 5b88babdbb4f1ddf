"""API tokens in the admin: whose they are and whether they work, never their secret."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from audit.admin_forms import admin_actor
from audit.tokens import revoke_token
from core.admin_display import badge, moment
from core.admin_page import PlatformAdmin
from core.clock import database_now
from core.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(PlatformAdmin):
    """Issued by ``manage.py token``; revoked here."""

    list_display = ("name", "key", "user", "state", "created", "expires", "last_used")
    list_select_related = ("user",)
    search_fields = ("name", "key", "user__username")
    ordering = ("-created_at",)
    fields = (*list_display, "revoked")
    readonly_fields = fields
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "core.change_apitoken")

    def page_buttons(self, obj: ApiToken) -> Iterable[str]:
        return () if obj.revoked_at else ("revoke",)

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: Any) -> Any:
        question = "Revoke for good? Whoever uses it is refused from now on."
        if page := self.ask(request, queryset, action="revoke", question=question):
            return page
        actor = admin_actor(request)
        self.act_on_each(
            request, queryset, lambda token: revoke_token(actor=actor, token=token), "Revoked"
        )
        return None

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
