"""Locks on the wire."""

from rest_framework import serializers

from core.api.fields import UtcDateTimeField
from core.api.serializers import CamelCaseSerializer


class LockWaiterSerializer(CamelCaseSerializer):
    """An execution whose handler waits for the lock."""

    execution_id = serializers.UUIDField()
    job_name = serializers.CharField()
    since_utc = UtcDateTimeField(source="since")


class LockSerializer(CamelCaseSerializer):
    """A lock that a handler holds, and who waits for it."""

    name = serializers.CharField()
    execution_id = serializers.UUIDField()
    job_name = serializers.CharField()
    host_instance = serializers.CharField(source="worker", allow_null=True)
    fence = serializers.IntegerField(
        allow_null=True, help_text="Greater than that of whoever held the lock before."
    )
    since_utc = UtcDateTimeField(source="since")
    expires_at_utc = UtcDateTimeField(
        source="expires_at", help_text="It is renewed long before, as long as its holder lives."
    )
    waiters = LockWaiterSerializer(many=True)


class BreakLockRequest(CamelCaseSerializer):
    """Why a lock is taken from its holder."""

    reason = serializers.CharField(max_length=2000)
