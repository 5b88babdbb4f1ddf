"""``manage.py token``: a new API token."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from audit.command import PlatformCommand, command_actor
from audit.tokens import issue_token
from core.program import PROGRAM


class Command(PlatformCommand):
    """It is shown this once; only its hash is kept."""

    help = "Print a new API token of a user, as the last line, alone."
    examples = ("token admin --name deployment --days 90",)

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("user", help="user name")
        parser.add_argument("--name", default="command line", help="what it is for")
        parser.add_argument("--days", type=int, help="how long it is good (no end when not given)")

    def run(self, options: dict[str, Any]) -> None:
        """Make it and print it."""
        users = get_user_model().objects
        user = users.filter(**{get_user_model().USERNAME_FIELD: options["user"]}).first()
        if user is None:
            raise CommandError(
                f"There is no user {options['user']!r}."
                f" `{PROGRAM} createsuperuser` makes one; the admin lists all."
            )
        token = issue_token(
            actor=command_actor(), user=user, name=options["name"][:100], days=options["days"]
        )
        self.aside.print("Keep it safe: it acts as its user and is not shown again.")
        self.out.print(token)
