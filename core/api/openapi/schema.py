"""One operation of the API in OpenAPI, derived from its view.

The view's action names it; its docstring is the summary; its ``permissions`` say who may; what the
framework cannot see (queries, bodies of commands) is said by ``extend_schema`` beside the action.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, is_list_serializer
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import AllowAny

from core.api.openapi.pages import page_of
from core.api.openapi.problems import ProblemSerializer, problem_answer
from core.api.requests import HEADER

LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    response=[201, 202],
    description="The address of what was made.",
)
_REQUEST_ID = {
    "schema": {"type": "string", "format": "uuid"},
    "description": "Finds the request in log and audit trail; the caller's own, if it sent one.",
}


class ApiSchema(AutoSchema):
    """Derives an operation; each method replaces one guess of the library."""

    @property
    def _action(self) -> str:
        return getattr(self.view, "action", None) or self.method.lower()

    def get_operation_id(self) -> str:
        """Return such as ``jobs_set_status``: where it is, and what the action is called."""
        places = [part.replace("-", "_") for part in self._tokenize_path()]
        if hasattr(self.view, "action"):
            places = [places[0], self._action]
        return "_".join(places if len(places) > 1 else [*places, "list"])

    def get_summary(self) -> str:
        return self._doc().partition("\n")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        """Return what the docstring says beside its first line, and who may."""
        _, _, rest = self._doc().partition("\n")
        name = getattr(self.view, "permissions", {}).get(self._action)
        who = f"Takes the permission `{name}`." if name else ""
        return "\n\n".join(part for part in (rest.strip(), who) if part)

    def _doc(self) -> str:
        doc = getattr(self.view, self._action).__doc__ or ""
        return "\n".join(line.strip() for line in doc.strip().splitlines())

    def _is_list_view(self, serializer: Any = None) -> bool:
        """A list is what is said to be one: pages have a form of their own."""
        return is_list_serializer(serializer)

    def get_response_serializers(self) -> Any:
        """Return what the actions of a view set answer when nothing else is said."""
        view: Any = self.view
        if self._action == "list":
            return page_of(view.get_serializer_class())
        return {204: None} if self._action == "destroy" else super().get_response_serializers()

    def get_override_parameters(self) -> list[Any]:
        """Return what is said nowhere else: who creates answers where it is."""
        return [LOCATION] if self._action == "create" else []

    def _get_response_headers_for_code(
        self, status_code: Any, direction: Any = "response"
    ) -> dict[str, Any]:
        headers: dict[str, Any] = super()._get_response_headers_for_code(status_code, direction)
        component = self._register("headers", "RequestId", _REQUEST_ID)
        return {**headers, HEADER: component}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction)
        for status, answer in answers.items():
            answer["description"] = answer["description"] or HTTPStatus(int(status)).phrase
        problem = self.resolve_serializer(ProblemSerializer, "response").ref
        for number in self._problems():
            described = problem_answer(number, problem)
            reference = self._register("responses", f"Problem{number}", described)
            answers.setdefault(str(number), reference)
        return answers

    def _problems(self) -> Iterator[int]:
        """Yield the statuses of the problems the operation may answer."""
        is_open = any(isinstance(p, AllowAny) for p in self.view.get_permissions())
        has_body = self.method in ("POST", "PUT", "PATCH")
        if has_body or any(p["in"] == "query" for p in self._get_parameters()):
            yield 400
        if not is_open:
            yield from (401, 403)
        if "{" in self.path:
            yield 404
        if self.method != "GET":
            yield 409
        if has_body:
            yield from (413, 415)
        yield 503

    def _register(self, kind: str, name: str, content: dict[str, Any]) -> dict[str, Any]:
        """Keep what many operations share, and return the reference to it."""
        component = ResolvedComponent(name, kind, schema=content, object=name)
        self.registry.register_on_missing(component)
        return component.ref
