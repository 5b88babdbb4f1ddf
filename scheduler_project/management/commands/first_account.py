"""``manage.py first_account``: an administrator for an installation that has none."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import transaction

USERNAME = "admin"


class Command(BaseCommand):
    """Creates it once. The password is printed and kept nowhere."""

    help = "Create the superuser `admin` if there is no superuser, and print its password."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the password as the last line, or nothing when there is a superuser."""
        users = get_user_model().objects
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            if users.filter(is_superuser=True).exists():
                return
            users.create_superuser(USERNAME, password=password)
        self.stdout.write(password)
