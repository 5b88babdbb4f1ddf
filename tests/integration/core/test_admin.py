"""What all admin pages share: the frame, its navigation, the way back from a button."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from jobs.definitions import set_job_status
from jobs.models import JobStatus, Queue
from tests.factories import TESTER, make_job, make_queue

pytestmark = pytest.mark.django_db

JOBS = reverse("admin:jobs_jobdefinition_changelist")
QUEUES = reverse("admin:jobs_queue_changelist")
USERS = reverse("admin:auth_user_changelist")


@pytest.fixture
def as_bob(client: Client, bob: User) -> Client:
    """Bob may look at jobs, and no more."""
    bob.is_staff = True
    bob.save()
    bob.user_permissions.set(Permission.objects.filter(codename="view_jobdefinition"))
    client.force_login(bob)
    return client


def test_the_login_page_names_the_product(client: Client, settings: Any) -> None:
    page = " ".join(client.get(reverse("admin:login")).text.split())
    assert f"Log in | {settings.PRODUCT_NAME} </title>" in page


def test_the_navigation_leads_a_superuser_everywhere(as_alice: Client, settings: Any) -> None:
    settings.FLOWER_URL = "http://flower.example/"
    page = as_alice.get(JOBS).text
    names = (
        *("jobs_jobdefinition", "jobs_jobschedule", "jobs_queue", "executions_jobexecution"),
        *("executions_worker", "audit_jobaudit", "core_apitoken", "auth_user", "auth_group"),
    )
    for url in (reverse("admin:index"), "/api/docs", "http://flower.example/"):
        assert f'href="{url}"' in page
    for name in names:
        assert f'href="{reverse(f"admin:{name}_changelist")}"' in page


def test_the_navigation_leads_nobody_where_they_may_not_go(as_bob: Client, settings: Any) -> None:
    settings.FLOWER_URL = ""
    page = as_bob.get(JOBS).text
    assert f'href="{JOBS}"' in page
    assert f'href="{QUEUES}"' not in page
    assert f'href="{USERS}"' not in page
    assert "Flower" not in page


@pytest.mark.parametrize("name", ["DEV", "HOM", "PROD"])
def test_every_page_says_which_environment_it_is(
    as_alice: Client, settings: Any, name: str
) -> None:
    settings.SCHEDULER_ENVIRONMENT = name
    assert re.search(rf">\s*{name}\s*</span>", as_alice.get(JOBS).text)


def test_nothing_is_fetched_from_elsewhere(as_alice: Client) -> None:
    job = make_job()
    pages = (JOBS, reverse("admin:jobs_jobdefinition_change", args=[job.pk]))
    for page in pages:
        sources = re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', as_alice.get(page).text
        )
        assert sources
        assert not [source for source in sources if not source.startswith("/")]


def test_what_the_theme_names_is_there(as_alice: Client) -> None:
    page = as_alice.get(JOBS).text
    named = re.findall(r'"/static/((?:core|executions|jobs)/[^"]+)"', page)
    assert {"core/admin.css", "core/admin.js", "core/icon.svg"} <= set(named)
    assert not [name for name in named if finders.find(name) is None]


def test_a_name_is_shown_as_it_is_written(as_alice: Client) -> None:
    queue = Queue.objects.create(name="reports")
    page = as_alice.get(reverse("admin:jobs_queue_change", args=[queue.pk])).text
    assert 'class="header-part">Queues</a>' in page
    assert 'class="header-part">reports</a>' in page


def test_a_list_tells_how_many_there_are_in_all_beside_a_filter(as_alice: Client) -> None:
    job = make_job()
    make_job()
    set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)
    assert "total" not in as_alice.get(JOBS).text
    assert "2 total" in as_alice.get(JOBS, {"status": "disabled"}).text


def test_a_button_leads_back_to_the_page_it_names(as_alice: Client) -> None:
    queue = make_queue("reports", is_paused=True)
    data = {"action": "resume", "_selected_action": [queue.pk], "index": "0", "_back": JOBS}
    assert as_alice.post(QUEUES, data)["Location"] == JOBS


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "javascript:x"])
def test_a_button_leads_to_no_other_site(as_alice: Client, back: str) -> None:
    queue = make_queue("reports", is_paused=True)
    data = {"action": "resume", "_selected_action": [queue.pk], "index": "0", "_back": back}
    assert as_alice.post(QUEUES, data)["Location"] == QUEUES


def test_who_says_no_is_led_back_to_where_they_came_from(as_alice: Client) -> None:
    queue = Queue.objects.create(name="reports")
    data = {"action": "pause", "_selected_action": [queue.pk], "index": "0", "_from_page": "1"}
    url = reverse("admin:jobs_queue_change", args=[queue.pk])
    page = as_alice.post(QUEUES, data).text
    assert f'<a href="{url}" class="answer-no">' in page
    assert f'name="_back" value="{url}"' in page


def test_accounts_and_groups_are_kept_in_the_same_place(as_alice: Client) -> None:
    password = "a password for carol"
    values = {"username": "carol", "password1": password, "password2": password}
    as_alice.post(reverse("admin:auth_user_add"), values | {"usable_password": "true"})
    assert User.objects.get(username="carol").check_password(password)
    as_alice.post(reverse("admin:auth_group_add"), {"name": "operators"})
    assert Group.objects.filter(name="operators").exists()
    for page in ("user", "group"):
        assert as_alice.get(reverse(f"admin:auth_{page}_changelist")).status_code == 200
