"""Dependencies between jobs on the wire."""

from typing import Any, ClassVar

from rest_framework import serializers

from core.api.fields import JsonObjectField, UtcDateTimeField, WireChoiceField
from core.api.serializers import CamelCaseModelSerializer
from core.api.wording import RowField
from jobs.contract import DEPENDENCY_CONDITIONS
from jobs.models import JobDefinition, JobDependency
from jobs.serializers.fields import ClaimField
from jobs.serializers.naming import JobNameField

_BY_NAME = "upstream_by_name"


def _job(source: str, **kwargs: Any) -> RowField:
    return RowField(
        source=source,
        queryset=JobDefinition.objects.all(),
        pk_field=serializers.UUIDField(),
        required=False,
        **kwargs,
    )


class DependencySerializer(CamelCaseModelSerializer[JobDependency]):
    """How one job waits for another. The upstream job is given by its id or its name."""

    job_definition_id = _job("job", help_text="The job that waits: the one of the address.")
    job_name = serializers.CharField(source="job.name", read_only=True)
    upstream_job_id = _job("upstream", help_text="The job that is waited for.")
    upstream_job_name = JobNameField(
        named="upstream", as_=_BY_NAME, help_text="Its name, which does instead of its id."
    )
    condition = WireChoiceField(DEPENDENCY_CONDITIONS, required=False)
    output_mapping = JsonObjectField(
        required=False,
        help_text="Parameters, each with the path of its value in the output: rows.0.name, or $"
        " for all of it.",
    )
    created_by = ClaimField()
    created_at_utc = UtcDateTimeField(source="created_at", read_only=True)
    updated_by = ClaimField()
    updated_at_utc = UtcDateTimeField(source="updated_at", read_only=True, allow_null=True)

    class Meta:
        model = JobDependency
        validators: ClassVar[list[Any]] = []  # the service checks the row as a whole
        fields: tuple[str, ...] = (
            *("id", "job_definition_id", "job_name", "upstream_job_id", "upstream_job_name"),
            *("condition", "delay_after_completion_seconds", "fail_if_dependency_fails"),
            *("output_mapping", "is_active"),
            *("created_by", "created_at_utc", "updated_by", "updated_at_utc"),
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Let one job come of the two ways to name it."""
        named = attrs.pop(_BY_NAME, None)
        if named is not None and attrs.setdefault("upstream", named) != named:
            other = attrs["upstream"].name
            detail = f"upstreamJobId is that of {other}: send one of the two, or both of one job."
            raise serializers.ValidationError({"upstreamJobName": detail}, "contradiction")
        return attrs
