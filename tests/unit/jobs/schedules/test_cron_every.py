import pytest

from tests.unit.jobs.schedules.asking import cron, fires, refusal, utc

ANCHOR = utc("2026-01-01T00:07:30")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("@every 90m", ["2026-01-01T01:37:30", "2026-01-01T03:07:30"]),
        ("@every 1h30m", ["2026-01-01T01:37:30", "2026-01-01T03:07:30"]),
        ("@Every  10S", ["2026-01-01T00:07:40", "2026-01-01T00:07:50"]),
        ("@every 1d", ["2026-01-02T00:07:30", "2026-01-03T00:07:30"]),
        ("@every 1d2h3m4s", ["2026-01-02T02:10:34"]),
    ],
)
def test_an_interval_counts_from_the_anchor(expression, expected):
    rule = cron(expression, anchor=ANCHOR)
    assert fires(rule, "2026-01-01T00:07:30", len(expected)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("@every 1h/15m", ["2026-01-01T00:15", "2026-01-01T01:15"]),
        ("@every 1h/0s", ["2026-01-01T01:00", "2026-01-01T02:00"]),
        ("@every 7d/1d", ["2026-01-02T00:00", "2026-01-09T00:00"]),
    ],
)
def test_with_a_phase_it_counts_from_the_epoch(expression, expected):
    assert fires(cron(expression), "2026-01-01T00:07:30", len(expected)) == expected
    assert fires(cron(expression, anchor=ANCHOR), "2026-01-01T00:07:30", 1) == expected[:1]


def test_it_says_itself_as_an_interval_does():
    assert cron("@every 90m", anchor=ANCHOR).describe().startswith("Every 1 hour 30 minutes")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("@every", "@every takes one duration, such as @every 90m"),
        ("@every 1h 30m", "@every takes one duration"),
        ("@every 1.5h", "@every: '1.5h' is not a duration; write it like 90m, 1h30m or 45s"),
        ("@every 30", "@every: '30' is not a duration"),
        ("@every 30m1h", "@every: '30m1h' is not a duration"),
        ("@every -5m", "@every: '-5m' is not a duration"),
        ("@every 0s", "@every: '0s' is out of range; use 1s to 3660d"),
        ("@every 3661d", "@every: '3661d' is out of range; use 1s to 3660d"),
        (f"@every {'9' * 200}d", "is out of range; use 1s to 3660d"),
        ("@every 1h/", "@every: '' is not a duration"),
        ("@every 1h/60m", "@every: the phase '60m' must be shorter than '1h'"),
        ("@everyday 1h", "'@everyday 1h' is not known"),
    ],
)
def test_a_bad_duration_is_refused(expression, words):
    [error] = refusal(kind="cron", cron_expression=expression, anchor=ANCHOR).errors
    assert (error.field, error.code) == ("cron_expression", "invalid_cron")
    assert words in error.detail


def test_without_a_phase_an_anchor_is_needed():
    [error] = refusal(kind="cron", cron_expression="@every 90m").errors
    assert (error.field, error.code) == ("anchor", "required")
