"""The audit trail and tokens in the admin."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from audit.models import JobAudit
from audit.tokens import issue_token
from audit.trail import Actor, record
from core.ids import uuid7
from core.models import ApiToken
from core.tokens import parse_token
from jobs.definitions import change_job, set_job_status
from jobs.models import JobStatus
from tests.factories import TESTER, make_job, make_schedule
from tests.integration.pages import do, page_of, sign_in

pytestmark = pytest.mark.django_db

AUDIT = reverse("admin:audit_jobaudit_changelist")
TOKENS = reverse("admin:core_apitoken_changelist")
ADD_TOKEN = reverse("admin:core_apitoken_add")


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


def test_entries_are_filtered_by_kind_of_object_and_by_who_acted(as_alice: Client) -> None:
    job = make_job(name="Nightly")
    set_job_status(actor=Actor(name="maria"), job=job, status=JobStatus.DISABLED)
    make_schedule(job)
    for query, actions in (
        ({"object": "schedule"}, ["ScheduleChanged"]),
        ({"object": "job"}, ["JobDisabled", "JobCreated"]),
        ({"actor": "maria"}, ["JobDisabled"]),
        ({"object": "schedule", "actor": "maria"}, []),
        ({"actor": "\x00"}, []),
        ({"action": "\x00"}, []),
        ({"object": "house"}, []),
    ):
        found = as_alice.get(AUDIT, query).context["cl"].result_list
        assert [entry.action for entry in found] == actions, query


def test_entries_are_found_by_a_part_of_a_name(as_alice: Client) -> None:
    make_job(name="Nightly report")
    make_job(name="Weekly report")
    (entry,) = as_alice.get(AUDIT, {"q": "nightly"}).context["cl"].result_list
    assert entry.object_label == "Nightly report"


def test_an_entry_tells_the_values_before_and_after_and_leads_to_its_object(
    as_alice: Client,
) -> None:
    job = make_job(timeout_seconds=60)
    change_job(actor=TESTER, job=job, fields={"timeout_seconds": 90})
    entry = JobAudit.objects.get(action="JobUpdated")
    page = as_alice.get(reverse("admin:audit_jobaudit_change", args=[entry.pk])).text
    cells = "".join(f'<td><span class="value">{value}</span></td>' for value in (60, 90))
    assert f"<td>timeout seconds</td>{cells}" in page
    assert f'<a href="{reverse("admin:jobs_jobdefinition_change", args=[job.pk])}">' in page


@pytest.mark.parametrize("kind", ["job", "schedule", "queue", "execution", "token"])
def test_an_entry_of_every_kind_of_object_has_a_page(as_alice: Client, kind: str) -> None:
    record(actor=TESTER, action="Tried", object_type=kind, object_id=uuid7(), object_label="it")
    entry = JobAudit.objects.get()
    url = reverse("admin:audit_jobaudit_change", args=[entry.pk])
    assert as_alice.get(AUDIT).status_code == as_alice.get(url).status_code == 200


def test_a_page_leads_to_its_part_of_the_trail(as_alice: Client) -> None:
    job = make_job()
    page = as_alice.get(reverse("admin:jobs_jobdefinition_change", args=[job.pk])).text
    assert f'href="{AUDIT}?q={job.pk}"' in page


def test_a_token_is_shown_once_in_the_answer_that_issued_it(as_alice: Client, bob: User) -> None:
    answer = as_alice.post(ADD_TOKEN, {"name": "reports", "user": str(bob.pk), "days": "30"})
    (text,) = re.findall(r'id="secret"[^>]* value="([^"]+)"', answer.text)
    token = ApiToken.objects.get()
    parsed = parse_token(text)
    assert parsed is not None
    assert (token.key, token.digest, token.user) == (parsed.key, parsed.digest, bob)
    assert (token.expires_at - token.created_at).days == 30
    assert "no-store" in answer["Cache-Control"]
    assert set(answer.cookies) <= {"csrftoken"}  # no message, and no session, carries it on
    secret = text.rpartition("_")[2]
    for url in (TOKENS, reverse("admin:core_apitoken_change", args=[token.pk])):
        assert secret not in as_alice.get(url).text
    entry = JobAudit.objects.get(action="TokenIssued")
    assert (entry.actor, entry.object_id) == ("alice", token.key)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"user": ""}, "user"),
        ({"days": "0"}, "days"),
        ({"days": "9999999999"}, "days"),
        ({"days": "soon"}, "days"),
    ],
)
def test_what_is_wrong_with_a_token_stands_at_its_field(
    as_alice: Client, bob: User, changes: dict[str, str], field: str
) -> None:
    values = {"name": "reports", "user": str(bob.pk), "days": "", **changes}
    answer = as_alice.post(ADD_TOKEN, values)
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not ApiToken.objects.exists()


def test_nobody_but_a_superuser_issues_tokens_of_others(
    client: Client, alice: User, bob: User
) -> None:
    sign_in(client, bob, "add_apitoken", "view_apitoken")
    answer = client.post(ADD_TOKEN, {"name": "mine?", "user": str(alice.pk)})
    assert list(answer.context["adminform"].form.errors) == ["user"]
    client.post(ADD_TOKEN, {"name": "mine", "user": str(bob.pk)})
    assert ApiToken.objects.get().user == bob


def test_who_may_only_see_tokens_issues_and_revokes_none(client: Client, bob: User) -> None:
    issue_token(actor=TESTER, user=bob, name="reports")
    token = ApiToken.objects.get()
    sign_in(client, bob, "view_apitoken")
    assert client.get(ADD_TOKEN).status_code == 403
    assert 'value="revoke"' not in client.get(page_of(token)).text
    assert do(client, "revoke", token, _confirmed="1").status_code == 403
