"""The API describes itself: a document for programs, a page for people."""

import json
import re

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.test import Client

from core.api.documents import render_schema
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "accept", "form"),
    [
        ("", None, "json"),
        ("", "*/*", "json"),
        ("", "text/html", "json"),
        ("", "application/json", "json"),
        ("", "application/vnd.oai.openapi+json", "json"),
        ("", "application/yaml", "yaml"),
        ("", "application/vnd.oai.openapi;charset=utf-8, application/yaml", "yaml"),
        ("?format=yaml", "application/json", "yaml"),
        ("?format=json", "application/yaml", "json"),
    ],
)
def test_the_document_comes_as_json_or_yaml(bob_api, query, accept, form):
    headers = {} if accept is None else {"Accept": accept}
    answer = bob_api.get(f"/api/schema{query}", headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"] == f"application/{form}"
    assert answer.content == render_schema(form)
    document = json.loads(answer.content) if form == "json" else yaml.safe_load(answer.content)
    assert document["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/api/schema?format=xml", "format"),
        ("/api/schema?format=", "format"),
        ("/api/schema?version=2", "version"),
        ("/api/docs?format=json", "format"),
    ],
)
def test_a_bad_parameter_is_refused_by_its_name(bob_api, path, parameter):
    problem = problem_of(bob_api.get(path), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == parameter


@pytest.fixture
def browser(bob):
    client = Client()
    client.force_login(bob)
    return client


def test_the_page_runs_its_own_files_alone(browser):
    answer = browser.get("/api/docs")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "script-src" not in answer["Content-Security-Policy"]
    page = answer.content.decode()
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 2
    assert all(not text and "src=" in attributes for attributes, text in scripts)
    assert "<style" not in page
    assert "style=" not in page
    files = re.findall(r'(?:src|href)="/static/([^"]+)"', page)
    assert len(files) == 5
    assert all(finders.find(name) for name in files), files
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


def test_the_page_knows_the_document_and_the_token_of_its_session(browser):
    page = browser.get("/api/docs/").content.decode()
    assert 'data-schema="/api/schema?format=json"' in page
    assert re.search(r'data-csrf-token="\w{64}"', page)
    assert browser.get("/api/schema?format=json").status_code == 200


def test_a_browser_without_a_session_is_sent_to_sign_in(anonymous):
    answer = anonymous.get("/api/docs")
    assert answer.status_code == 302
    assert answer["Location"] == "/admin/login/?next=/api/docs"


def test_a_bad_token_is_told_so_on_the_page_too(anonymous):
    answer = anonymous.get("/api/docs", headers={"Authorization": "Bearer nonsense"})
    problem_of(answer, 401, "authentication_failed")
