"""Forms whose judge and writer is a service."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from audit.actors import actor_of
from audit.trail import Actor
from core.admin_page import Link, PlatformAdmin
from core.errors import InvalidInput, Refused

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


def admin_actor(request: Any) -> Actor:
    """Return who is signed in, with the id of the request."""
    return actor_of(request)


class ServiceForm(ModelForm):
    """A form that asks the service itself whether it would accept the values.

    The last check calls :meth:`write` in a savepoint and rolls it back, so that what the service
    refuses stands at its field; when everything is valid the admin calls it once more, for good.
    """

    actor: Actor

    def write(self) -> Any:
        """Call the service with the cleaned values and return the row it wrote."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.write()
                transaction.set_rollback(True)
        except InvalidInput as refusal:
            for problem in refusal.problems:
                name, _, inner = problem.field.partition(".")
                detail = f"{inner}: {problem.detail}" if inner else problem.detail
                self.add_error(name if name in self.fields else None, detail)
        except Refused as refusal:
            self.add_error(None, refusal.detail)


def audit_link(request: HttpRequest, object_id: object) -> Link | None:
    """Return the way to what people did to one object, for those who may read the trail."""
    user: Any = request.user
    if not user.has_perm("audit.view_jobaudit"):
        return None
    url = reverse("admin:audit_jobaudit_changelist", query={"q": str(object_id)})
    return Link(url, "Audit trail", "policy")


class ServiceAdmin(PlatformAdmin):
    """Pages whose form is a :class:`ServiceForm`, and whose changes stand in the audit trail."""

    def page_links(self, request: HttpRequest, obj: Any) -> Iterable[Link]:
        return filter(None, [audit_link(request, obj.pk)])

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.actor = admin_actor(request)  # the class is made anew for each request
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let the service write; Django goes on with the row that came of it."""
        obj.pk = form.write().pk
        obj.refresh_from_db()
