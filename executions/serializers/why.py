"""The answer to "why?" on the wire."""

from rest_framework import serializers

from core.api.fields import UtcDateTimeField
from core.api.serializers import CamelCaseSerializer
from executions.waits import Code


class HolderSerializer(CamelCaseSerializer):
    """An execution that is in the way."""

    execution_id = serializers.UUIDField()
    job_name = serializers.CharField()
    worker = serializers.CharField(allow_null=True)


class CauseSerializer(CamelCaseSerializer):
    """One cause: a stable code, and a sentence for people."""

    code = serializers.ChoiceField([(code.value, code.meaning) for code in Code])
    detail = serializers.CharField()
    since = UtcDateTimeField(allow_null=True)
    until = UtcDateTimeField(allow_null=True, help_text="When it is over, as far as is known.")
    holders = HolderSerializer(many=True, help_text="Some executions that are in the way.")
    link = serializers.CharField(allow_null=True, help_text="The address that it leads to.")


class WhySerializer(CamelCaseSerializer):
    """How it stands, in one sentence, and each cause, the one that decides now first."""

    kind = serializers.ChoiceField(["execution", "schedule", "job"])
    id = serializers.UUIDField()
    job_name = serializers.CharField()
    status = serializers.CharField()
    summary = serializers.CharField()
    causes = CauseSerializer(many=True)
