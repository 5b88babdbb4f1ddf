"""The API's own description: as a document for programs, as a page for people."""

from functools import cache

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.permissions import SignedIn
from core.api.queries import Query
from core.api.views import ApiView

_RENDERERS = {"json": OpenApiJsonRenderer, "yaml": OpenApiYamlRenderer}
# The page runs no script but its own files. Its widgets set styles on what they draw.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
)


class SchemaQuery(Query):
    """In which form the document is wanted; without it, the header ``Accept`` says it."""

    format = serializers.ChoiceField(list(_RENDERERS), required=False)


class SchemaDocument(ApiView):
    """``/api/schema``: the same for all callers."""

    permission_classes = (SignedIn,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Answer OpenAPI 3.1, as JSON or as YAML."""
        form = SchemaQuery.read(request).get("format")
        if form is None:
            form = "yaml" if "yaml" in request.headers.get("Accept", "") else "json"
        return HttpResponse(render_schema(form), content_type=f"application/{form}")


class DocsPage(ApiView):
    """``/api/docs``: a browser without a session is sent to sign in."""

    permission_classes = (SignedIn,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Show the document, with forms that make the calls."""
        Query.read(request)
        page = render(request._request, "core/api/docs.html", {"schema": reverse("schema")})
        page["Content-Security-Policy"] = _POLICY
        return page

    def handle_exception(self, exc: Exception) -> Response | HttpResponseBase:  # type: ignore[override]
        if isinstance(exc, NotAuthenticated) and self.request.method == "GET":
            return redirect_to_login(self.request.get_full_path(), reverse("admin:login"))
        return super().handle_exception(exc)


@cache
def render_schema(form: str) -> bytes:
    """Return the document as ``json`` or ``yaml``; it changes with the code alone."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    text: bytes = _RENDERERS[form]().render(document, renderer_context={})
    return text
