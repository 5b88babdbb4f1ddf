import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from core.ids import first_uuid7, uuid7


def test_ids_made_later_sort_later(monkeypatch: pytest.MonkeyPatch) -> None:
    milliseconds = iter(range(1_700_000_000_000, 1_700_000_001_000))
    monkeypatch.setattr(time, "time_ns", lambda: next(milliseconds) * 1_000_000)

    ids = [uuid7() for _ in range(1_000)]

    assert all(earlier < later for earlier, later in pairwise(ids))
    assert [str(id_) for id_ in ids] == sorted(str(id_) for id_ in ids)


def test_an_id_says_when_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_645_557_742_123_999_999)

    assert uuid7().int >> 80 == 1_645_557_742_123


def test_version_and_variant_are_those_of_the_standard() -> None:
    assert {(id_.version, id_.variant) for id_ in (uuid7() for _ in range(200))} == {
        (7, "specified in RFC 4122")
    }


def test_ids_of_one_millisecond_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)

    assert len({uuid7() for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize("bits", [0, 2**62 - 1])
def test_no_random_bit_reaches_version_variant_or_time(
    monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    monkeypatch.setattr("core.ids.secrets.randbits", lambda _: bits)

    id_ = uuid7()

    assert (id_.version, id_.int >> 62 & 0b11) == (7, 0b10)
    assert id_.int >> 80 <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("shift", [timedelta(0), timedelta(minutes=-5), timedelta(minutes=5)])
def test_the_first_id_of_a_moment_parts_those_made_before_from_those_made_since(
    monkeypatch: pytest.MonkeyPatch, shift: timedelta
) -> None:
    moment = datetime(2026, 5, 1, 6, tzinfo=UTC)
    first = first_uuid7(moment - shift, shift=shift)
    nanoseconds = int(moment.timestamp()) * 1_000_000_000

    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds - 1)
    assert uuid7() < first
    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds)
    assert uuid7() > first


def test_every_moment_has_a_first_id() -> None:
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        for shift in (timedelta(days=-1), timedelta(days=1)):
            assert first_uuid7(moment, shift=shift).int < 2**128
