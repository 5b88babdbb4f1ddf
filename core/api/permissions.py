"""What a caller may do: Django's own permissions, per user or group, as in the admin."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class ModelPermissions(BasePermission):
    """Looks up the permission that the view names for the action, and asks the user for it.

    A view carries ``permissions``, from its actions (a view set) or methods to names such as
    ``jobs.view_jobdefinition``: reading takes the view permission, creating the add permission,
    changing the change permission; triggering adds and cancelling changes an execution. What a view
    does not name is open to superusers alone. Anonymous callers may do nothing.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if not user.is_authenticated:
            return False
        action = _action(request, view)
        if action is None:
            return True  # the view knows no such method: the answer is 405
        name = getattr(view, "permissions", {}).get(action)
        return user.has_perm(name) if name else bool(user.is_superuser)


class SignedIn(BasePermission):
    """For what everybody may see whom the platform knows, by token or by session."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated)


def _action(request: Request, view: Any) -> str | None:
    method = (request.method or "").lower()
    if hasattr(view, "action_map"):
        action: str | None = view.action_map.get(method)
        return action
    method = "get" if method == "head" else method
    return method if method != "options" and hasattr(view, method) else None
