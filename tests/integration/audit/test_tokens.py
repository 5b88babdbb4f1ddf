"""Giving out API tokens and taking them back."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from audit.models import JobAudit
from audit.tokens import issue_token, revoke_token
from core.clock import database_now
from core.models import ApiToken
from core.tokens import parse_token
from tests.factories import TESTER

pytestmark = pytest.mark.django_db


def usable(text: str) -> bool:
    parsed = parse_token(text)
    assert parsed is not None
    return ApiToken.objects.usable(parsed, database_now()).exists()


def test_the_command_prints_a_usable_token_as_its_last_line(bob: User) -> None:
    out = StringIO()
    call_command("token", "bob", "--name", "reports", stdout=out, stderr=StringIO())
    text = out.getvalue().splitlines()[-1]
    assert usable(text)
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.expires_at) == (bob, "reports", None)


def test_days_end_a_token(bob: User) -> None:
    issue_token(actor=TESTER, user=bob, name="short", days=7)
    token = ApiToken.objects.get()
    assert token.expires_at == token.created_at + timedelta(days=7)


@pytest.mark.parametrize("days", ["0", "-1", "99999999999"])
def test_days_that_make_no_sense_are_refused(bob: User, days: str) -> None:
    with pytest.raises(CommandError, match="number of days"):
        call_command("token", "bob", f"--days={days}", stderr=StringIO())
    assert not ApiToken.objects.exists()


def test_an_unknown_user_is_named() -> None:
    with pytest.raises(CommandError, match="no user 'nobody'"):
        call_command("token", "nobody")


def test_the_secret_is_in_no_audit_entry(bob: User) -> None:
    text = issue_token(actor=TESTER, user=bob, name="reports")
    entry = JobAudit.objects.get(action="TokenIssued")
    assert text.split("_")[2] not in f"{entry.__dict__}"


def test_a_revoked_token_is_good_for_nothing_and_revoked_once(bob: User) -> None:
    text = issue_token(actor=TESTER, user=bob, name="reports")
    token = ApiToken.objects.get()
    revoke_token(actor=TESTER, token=token)
    revoke_token(actor=TESTER, token=token)
    assert not usable(text)
    assert JobAudit.objects.filter(action="TokenRevoked").count() == 1
