"""What all our admin pages share: no delete, buttons for actions, and refusals as messages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString

from core.errors import Refused

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin

_FROM_PAGE = "_from_page"
_BACK = "_back"
_CONFIRMED = "_confirmed"


@dataclass(frozen=True)
class Section:
    """A part of an object's page beside its fields: above them, or below."""

    title: str
    content: SafeString
    is_above: bool = False


@dataclass(frozen=True)
class Link:
    """A way from an object's page to what belongs to it; ``icon`` names a Material Symbol."""

    url: str
    text: str
    icon: str


class PlatformList(ChangeList):
    """Tells how many there are in all only beside a filter or a search.

    What a list leaves out unless asked, such as what is archived, is no part of "all".
    """

    def get_results(self, request: HttpRequest) -> None:
        """Read the page."""
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class PlatformAdmin(ModelAdmin):
    """Rows are never deleted: their history would go with them. They are archived."""

    change_form_template = "core/admin/object_page.html"
    show_facets = admin.ShowFacets.NEVER  # facets count
    list_per_page = 50
    empty_value_display = ""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PlatformList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the object, or None; no name has a NUL, which PostgreSQL would not take."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer no pop-up that adds or changes other objects: they have their own pages."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field and field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def page_title(self, obj: Any) -> str:
        """Return what the page is headed with."""
        return str(obj)

    def page_buttons(self, obj: Any) -> Iterable[str]:
        """Return the names of the actions that make sense for this object now."""
        return ()

    def touched(self, obj: Any) -> SafeString | str:
        """Return what an action would touch: the object, and what hangs on it."""
        return self.page_title(obj)

    def page_head(self, request: HttpRequest, obj: Any) -> SafeString | str:
        """Return what is said of the object before everything else, such as its state."""
        return ""

    def page_links(self, request: HttpRequest, obj: Any) -> Iterable[Link]:
        """Return where one may go from here."""
        return ()

    def page_sections(self, request: HttpRequest, obj: Any) -> Iterable[Section]:
        """Return what stands above and below the fields."""
        return ()

    def may(self, request: HttpRequest, permission: str) -> bool:
        """Return whether the user has a permission such as "jobs.view_jobdefinition"."""
        return bool(request.user.has_perm(permission))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context["show_save_and_add_another"] = False
        if obj is not None:
            actions = self.get_actions(request)
            sections = list(self.page_sections(request, obj))
            context |= {
                "subtitle": self.page_title(obj),
                "page_head": self.page_head(request, obj),
                "changelist": reverse(self._name("changelist")),
                "buttons": [actions[n] for n in self.page_buttons(obj) if n in actions],
                "links": self.page_links(request, obj),
                "sections_above": [section for section in sections if section.is_above],
                "sections_below": [section for section in sections if not section.is_above],
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show what the services refuse at the last moment, such as a job archived meanwhile."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refused as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Answer 403 to an action that this user does not have; Django would say nothing."""
        if request.POST.get("action") not in {"", None, *self.get_actions(request)}:
            raise PermissionDenied
        return super().changelist_view(request, extra_context)

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """Do an action of the list, or one that a button asks for; a button's page comes back."""
        response = super().response_action(request, queryset)
        if isinstance(response, HttpResponseRedirect) and (came_from := self._came_from(request)):
            return HttpResponseRedirect(came_from)
        return response

    def _came_from(self, request: HttpRequest) -> str | None:
        """Return the page whose button was pressed; None for the list's own actions."""
        back = request.POST.get(_BACK, "")
        if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            return back
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        is_of_page = _FROM_PAGE in request.POST and len(selected) == 1
        return reverse(self._name("change"), args=selected) if is_of_page else None

    def act_on_each(
        self,
        request: HttpRequest,
        objects: Iterable[Any],
        act: Callable[[Any], object],
        done: str | None = None,
    ) -> None:
        """Call ``act`` with each; say which were refused and why, and which were ``done``."""
        names = []
        for obj in objects:
            try:
                act(obj)
            except Refused as refusal:
                said = f"{self.page_title(obj)}: {refusal.detail}"
                self.message_user(request, said, messages.ERROR)
            else:
                names.append(self.page_title(obj))
        if names and done:
            named = names[0] if len(names) == 1 else f"{len(names)} {self.opts.verbose_name_plural}"
            self.message_user(request, f"{done}: {named}.", messages.SUCCESS)

    def reason_given(self, request: HttpRequest) -> str | None:
        """Return the reason that was typed on the page that asks."""
        return request.POST.get("reason", "").strip() or None

    def ask(
        self,
        request: HttpRequest,
        objects: Iterable[Any],
        *,
        action: str,
        question: str,
        wants_reason: bool = False,
    ) -> TemplateResponse | None:
        """Return a page that asks whether to go on; None once that has been answered with yes."""
        if _CONFIRMED in request.POST:
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": question,
            "objects": [(obj.pk, self.touched(obj)) for obj in objects],
            "action": action,
            "wants_reason": wants_reason,
            "came_from": self._came_from(request),
            "changelist": reverse(self._name("changelist")),
        }
        return TemplateResponse(request, "core/admin/confirm.html", context)

    def _name(self, page: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
