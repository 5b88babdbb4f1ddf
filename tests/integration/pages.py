"""How tests use the admin's pages."""

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse


def page_of(obj: Any) -> str:
    """Return the address of an object's page."""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


def do(client: Client, action: str, *rows: Any, **more: Any) -> Any:
    """Do an action of a list; a page's button sends the same."""
    options = rows[0]._meta
    url = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], "index": "0"}
    return client.post(url, data | more, follow=True)


def sign_in(client: Client, user: User, *permissions: str) -> Client:
    """Let a user into the admin with these permissions, by code name, and no more."""
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client
