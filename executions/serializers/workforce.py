"""Workers and queues on the wire."""

from rest_framework import serializers

from core.api.fields import UtcDateTimeField
from core.api.serializers import CamelCaseSerializer
from executions.models import Worker
from jobs.serializers import ClaimField


class RunningSerializer(CamelCaseSerializer):
    """What a worker is carrying out."""

    id = serializers.UUIDField()
    job_definition_id = serializers.UUIDField(source="job_id")
    job_name = serializers.CharField(source="job.name")
    attempt = serializers.IntegerField()
    started_at_utc = UtcDateTimeField(source="started_at")


class WorkerSerializer(CamelCaseSerializer):
    """A worker or a beat, as it last reported itself."""

    name = serializers.CharField(source="worker.name")
    kind = serializers.ChoiceField(Worker.Kind.choices, source="worker.kind")
    is_alive = serializers.BooleanField(help_text="It reported itself within three heartbeats.")
    state = serializers.ChoiceField(
        ["alive", "draining", "drained", "silent", "stopped"],
        help_text="Draining: it takes no work and still runs some. Drained: it runs none.",
    )
    hostname = serializers.CharField(source="worker.hostname")
    pid = serializers.IntegerField(source="worker.pid")
    queues = serializers.ListField(child=serializers.CharField(), source="worker.queues")
    concurrency = serializers.IntegerField(
        source="worker.concurrency", help_text="Executions it can carry out at once."
    )
    started_at_utc = UtcDateTimeField(source="worker.started_at")
    last_seen_at_utc = UtcDateTimeField(source="worker.last_seen_at")
    stopped_at_utc = UtcDateTimeField(source="worker.stopped_at", allow_null=True)
    drain_requested_at_utc = UtcDateTimeField(source="worker.drain_requested_at", allow_null=True)
    drain_requested_by = serializers.CharField(source="worker.drain_requested_by", allow_null=True)
    drain_until_utc = UtcDateTimeField(
        source="worker.drain_until",
        allow_null=True,
        help_text="When it hands back what it still runs.",
    )
    running = RunningSerializer(many=True)


class DrainRequest(CamelCaseSerializer):
    """How long a worker may go on with what it runs."""

    within_seconds = serializers.FloatField(
        source="within",
        required=False,
        allow_null=True,
        help_text="Then the rest is handed back; SCHEDULER_DRAIN_SECONDS if left out.",
    )
    updated_by = ClaimField(write_only=True)


class UndrainRequest(CamelCaseSerializer):
    """Nothing but who asks for it."""

    updated_by = ClaimField(write_only=True)


class QueueSerializer(CamelCaseSerializer):
    """A queue, what is in it, and who serves it."""

    name = serializers.CharField(source="queue.name", max_length=100)
    max_concurrent_executions = serializers.IntegerField(
        source="queue.max_concurrent_executions",
        required=False,
        allow_null=True,
        max_value=2**31 - 1,
        help_text="Executions under way at once, over all workers; null means no limit.",
    )
    starts_per_minute = serializers.IntegerField(
        source="queue.starts_per_minute",
        required=False,
        allow_null=True,
        max_value=2**31 - 1,
        help_text="Attempts begun within any minute, of all its jobs; null means no limit.",
    )
    is_paused = serializers.BooleanField(
        required=False,
        help_text="Nothing is handed out, and what no worker has claimed is taken back.",
    )
    ready = serializers.IntegerField(read_only=True, help_text="Due, and not handed out yet.")
    held = serializers.IntegerField(
        read_only=True, help_text="Of those ready: held back by somebody (/api/holds)."
    )
    queued = serializers.IntegerField(read_only=True, help_text="Handed out, and not claimed yet.")
    running = serializers.IntegerField(read_only=True)
    oldest_due_utc = UtcDateTimeField(
        source="oldest_due_at",
        read_only=True,
        allow_null=True,
        help_text="When the longest waiting of those ready or queued was due.",
    )
    is_served = serializers.BooleanField(
        read_only=True, help_text="A live worker takes executions from it."
    )
    served_by = serializers.ListField(
        child=serializers.CharField(),
        source="worker_names",
        read_only=True,
        help_text="The names of these workers.",
    )
    slots = serializers.IntegerField(
        read_only=True, help_text="What these workers can carry out at once, of all their queues."
    )
    reason = serializers.CharField(
        write_only=True, required=False, allow_null=True, allow_blank=True, max_length=2000
    )
    updated_by = ClaimField(write_only=True)
