"""What an edit adds and takes away."""

from jobs.schedules import BusinessCalendar, Exclusion, RuleSpec, compile_rule
from jobs.schedules.compare import compare_rules
from tests.unit.jobs.schedules.asking import cron, shown, utc

START, END = utc("2026-05-04T00:00"), utc("2026-05-06T00:00")


def compared(before, after, *, start=START, end=END, **options):
    found = compare_rules(before, after, start=start, end=end, **options)
    return [shown(at) for at in found.added], [shown(at) for at in found.removed], found.kept


def test_what_only_one_of_two_rules_fires_is_added_or_removed():
    assert compared(cron("0 6,12 * * *"), cron("0 12,18 * * *")) == (
        ["2026-05-04T18:00", "2026-05-05T18:00"],
        ["2026-05-04T06:00", "2026-05-05T06:00"],
        2,
    )


def test_equal_fires_are_kept_however_they_are_written():
    assert compared(cron("0 6 * * *"), cron("0 8 * * *", "Europe/Berlin")) == ([], [], 2)


def test_the_start_is_left_out_and_the_end_is_not():
    start, end = utc("2026-05-04T06:00"), utc("2026-05-05T06:00")
    assert compared(None, cron("0 6 * * *"), start=start, end=end) == (["2026-05-05T06:00"], [], 0)


def test_a_new_rule_adds_all_of_its_fires_and_an_ended_one_takes_them_away():
    both = ["2026-05-04T06:00", "2026-05-05T06:00"]
    assert compared(None, cron("0 6 * * *")) == (both, [], 0)
    assert compared(cron("0 6 * * *"), None) == ([], both, 0)
    assert compared(None, None) == ([], [], 0)


def test_an_exclusion_moves_fires():
    freeze = Exclusion(
        "Freeze",
        on_excluded="defer",
        starts_at=utc("2026-05-04T05:00"),
        ends_at=utc("2026-05-04T09:30"),
    )
    after = compile_rule(RuleSpec(kind="cron", cron_expression="0 6 * * *", exclusions=(freeze,)))
    assert compared(cron("0 6 * * *"), after) == (["2026-05-04T09:30"], ["2026-05-04T06:00"], 1)


def test_long_lists_are_cut():
    found = compare_rules(cron("0 * * * *"), cron("30 * * * *"), start=START, end=END, most=5)
    assert [shown(at) for at in found.added[-1:]] == ["2026-05-04T04:30"]
    assert (len(found.added), len(found.removed), found.kept) == (5, 5, 0)
    assert found.is_cut


def test_a_comparison_that_shows_all_is_not_cut():
    assert not compare_rules(cron("0 * * * *"), None, start=START, end=END, most=48).is_cut


def test_only_so_many_fires_are_looked_at():
    every_second, half = cron("* * * * * *"), cron("*/2 * * * * *")
    found = compare_rules(every_second, half, start=START, end=END, most=50_000)
    assert found.is_cut
    assert (len(found.added), len(found.removed), found.kept) == (0, 25_000, 25_000)


def test_a_calendar_that_ends_cuts_the_comparison_where_it_ends():
    weekends = Exclusion(
        "Weekends", calendar=BusinessCalendar("UK", first_year=2020, last_year=2026)
    )
    before = compile_rule(
        RuleSpec(kind="cron", cron_expression="0 6 * * *", exclusions=(weekends,))
    )
    start, end = utc("2026-12-30T00:00"), utc("2027-02-01T00:00")
    found = compare_rules(before, cron("0 6 * * *"), start=start, end=end)
    assert (found.added, found.removed, found.kept, found.is_cut) == ([], [], 2, True)
