"""Looks at the conditions of schedules, on the wire."""

from rest_framework import serializers

from core.api.fields import UtcDateTimeField
from core.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer
from executions.models import ConditionCheck


class ConditionTermSerializer(CamelCaseSerializer):
    """One check of a condition: where it stands, what was asked, the result, and why."""

    path = serializers.CharField()
    what = serializers.CharField()
    result = serializers.CharField(help_text="true, false or error.")
    why = serializers.CharField()


class ConditionCheckSerializer(CamelCaseModelSerializer[ConditionCheck]):
    """One look at the condition of an execution, by a worker."""

    at = UtcDateTimeField()
    terms = ConditionTermSerializer(many=True)

    class Meta:
        model = ConditionCheck
        fields = ("id", "at", "result", "message", "terms", "worker")
