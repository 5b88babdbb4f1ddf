"""The audit trail and tokens in the admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from audit.models import JobAudit
from audit.tokens import issue_token
from core.models import ApiToken
from tests.factories import TESTER, make_job

pytestmark = pytest.mark.django_db

AUDIT = reverse("admin:audit_jobaudit_changelist")
TOKENS = reverse("admin:core_apitoken_changelist")


def test_an_entry_can_be_read_and_not_changed(as_alice: Client) -> None:
    make_job(name="Nightly")
    entry = JobAudit.objects.get(action="JobCreated")
    url = reverse("admin:audit_jobaudit_change", args=[entry.pk])
    page = as_alice.get(url).text
    assert '<td>name</td><td><span class="value">Nightly</span></td>' in page
    assert 'name="_save"' not in page
    assert as_alice.post(url, {"actor": "nobody"}).status_code == 403
    assert as_alice.get(reverse("admin:audit_jobaudit_add")).status_code == 403


def test_entries_are_found_by_the_id_of_what_was_acted_on(as_alice: Client) -> None:
    job = make_job()
    make_job()
    (entry,) = as_alice.get(AUDIT, {"q": str(job.pk)}).context["cl"].result_list
    assert entry.object_id == str(job.pk)


def test_entries_are_filtered_by_action(as_alice: Client, bob: User) -> None:
    make_job()
    issue_token(actor=TESTER, user=bob, name="reports")
    (entry,) = as_alice.get(AUDIT, {"action": "TokenIssued"}).context["cl"].result_list
    assert entry.action == "TokenIssued"


def test_a_token_is_revoked_after_a_question(as_alice: Client, bob: User) -> None:
    text = issue_token(actor=TESTER, user=bob, name="reports")
    token = ApiToken.objects.get()
    data = {"action": "revoke", "_selected_action": [str(token.pk)], "index": "0"}
    assert "Revoke for good?" in as_alice.post(TOKENS, data).text
    answer = as_alice.post(TOKENS, data | {"_confirmed": "1"}, follow=True)
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert JobAudit.objects.get(action="TokenRevoked").actor == "alice"
    assert "revoked" in answer.text
    assert text.split("_")[2] not in answer.text


def test_the_secret_and_its_hash_are_on_no_page(as_alice: Client, bob: User) -> None:
    issue_token(actor=TESTER, user=bob, name="reports")
    token = ApiToken.objects.get()
    url = reverse("admin:core_apitoken_change", args=[token.pk])
    assert token.digest not in as_alice.get(url).text
