import logging
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from executions import capture
from executions.capture import LineStream, LogBuffer, captured, install_collector, log_parameters

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def buffer() -> LogBuffer:
    return LogBuffer(started_at=NOON, most_lines=100)


@pytest.fixture
def _collecting() -> Iterator[None]:
    level = logging.root.level
    install_collector()
    logging.root.setLevel(logging.INFO)
    yield
    logging.root.setLevel(level)
    logging.root.removeHandler(capture._collector)


def say(buffer: LogBuffer, *messages: str) -> None:
    for message in messages:
        buffer.add(level="INFO", stream="log", message=message)


def messages(buffer: LogBuffer) -> list[str]:
    return [line.message for line in buffer.take()]


@pytest.mark.parametrize(
    ("writes", "lines"),
    [
        (["one\n"], ["one"]),
        (["one\ntwo\n"], ["one", "two"]),
        (["o", "ne", "\nt", "wo\n"], ["one", "two"]),
        (["unfinished"], ["unfinished"]),
        (["one\nunfinished"], ["one", "unfinished"]),
        (["\n\n"], ["", ""]),
        ([""], []),
        (["a\x00b\n"], ["a\ufffdb"]),
        (["\ud800\n"], ["?"]),
        (["tab\tand\rreturn\n"], ["tab\tand\rreturn"]),
    ],
)
def test_what_is_printed_is_kept_line_by_line(
    buffer: LogBuffer, writes: list[str], lines: list[str]
) -> None:
    with captured(buffer):
        for text in writes:
            sys.stdout.write(text)

    assert messages(buffer) == lines


def test_print_and_standard_error_are_told_apart(buffer: LogBuffer) -> None:
    with captured(buffer):
        print("printed", 1, end="")  # noqa: T201
        print("complained", file=sys.stderr, flush=True)  # noqa: T201

    assert [(line.stream, line.level, line.message) for line in buffer.take()] == [
        ("stderr", "ERROR", "complained"),
        ("stdout", "INFO", "printed 1"),
    ]


def test_a_long_text_without_a_line_break_does_not_pile_up(buffer: LogBuffer) -> None:
    with captured(buffer):
        for _ in range(25):
            sys.stdout.write("x" * 1_000)
        assert len(messages(buffer)) == 2

    assert [len(message) for message in messages(buffer)] == [3_000]


def test_a_line_is_cut_at_ten_thousand_characters(buffer: LogBuffer) -> None:
    say(buffer, "x" * 10_001)

    assert messages(buffer) == ["x" * 10_000 + "… (1 more characters)"]


def test_streams_are_given_back_even_after_an_error(buffer: LogBuffer) -> None:
    out, err = sys.stdout, sys.stderr

    def break_off() -> None:
        sys.stdout.write("last words")
        raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"), captured(buffer):
        break_off()

    assert (sys.stdout, sys.stderr) == (out, err)
    assert messages(buffer) == ["last words"]


@pytest.mark.usefixtures("_collecting")
def test_records_of_every_logger_are_kept_with_their_level(buffer: LogBuffer) -> None:
    with captured(buffer):
        logging.getLogger("jobs.handler").info("from %s", "the handler")
        logging.getLogger("a.library").warning("from a library")
        logging.getLogger("a.library").debug("not at this level")

    assert [(line.stream, line.level, line.message) for line in buffer.take()] == [
        ("log", "INFO", "from the handler"),
        ("log", "WARNING", "from a library"),
    ]


@pytest.mark.usefixtures("_collecting")
def test_records_of_other_threads_are_kept(buffer: LogBuffer) -> None:
    def work() -> None:
        logging.getLogger("a.thread").info("from a thread")

    with captured(buffer):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert messages(buffer) == ["from a thread"]


@pytest.mark.usefixtures("_collecting")
def test_a_logged_exception_keeps_its_traceback(buffer: LogBuffer) -> None:
    with captured(buffer):
        try:
            int("x")
        except ValueError:
            logging.getLogger("a").exception("no number")

    (message,) = messages(buffer)
    assert message.startswith("no number\nTraceback")


@pytest.mark.usefixtures("_collecting")
def test_nothing_is_kept_outside_an_attempt(buffer: LogBuffer) -> None:
    logging.getLogger("a").warning("before")
    with captured(buffer):
        pass
    logging.getLogger("a").warning("after")

    assert messages(buffer) == []


@pytest.mark.usefixtures("_collecting")
def test_a_record_that_cannot_be_formatted_does_not_reach_the_handler(
    buffer: LogBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)

    with captured(buffer):
        logging.getLogger("a").info("%d rows", "many")
        logging.getLogger("a").info("went on")

    assert messages(buffer) == ["went on"]


def test_installing_twice_does_not_keep_lines_twice(buffer: LogBuffer) -> None:
    install_collector()
    install_collector()
    with captured(buffer):
        logging.getLogger("a").warning("once")
    logging.root.removeHandler(capture._collector)

    assert messages(buffer) == ["once"]


def test_lines_are_numbered_from_one_and_taken_once(buffer: LogBuffer) -> None:
    say(buffer, "a", "b")
    first = buffer.take()
    say(buffer, "c")

    assert [line.sequence for line in [*first, *buffer.take()]] == [1, 2, 3]
    assert buffer.take() == []


def test_times_are_the_databases_at_the_claim_plus_what_has_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([50.0, 50.0, 52.5])
    monkeypatch.setattr("executions.capture.time.monotonic", lambda: next(clock))
    buffer = LogBuffer(started_at=NOON, most_lines=10)

    say(buffer, "a", "b")

    assert [line.at for line in buffer.take()] == [NOON, NOON + timedelta(seconds=2.5)]


@pytest.mark.parametrize(("spoken", "kept"), [(2, 2), (3, 3), (4, 4), (5, 4), (50, 4)])
def test_an_attempt_keeps_so_many_lines_and_one_that_says_so(spoken: int, kept: int) -> None:
    buffer = LogBuffer(started_at=NOON, most_lines=3)
    say(buffer, *(["line"] * spoken))

    lines = buffer.take()

    assert len(lines) == kept
    marked = [line for line in lines if line.stream == "platform"]
    assert len(marked) == (kept == 4)
    if marked:
        assert marked == [lines[-1]]
        assert "at most 3 lines and 4,000,000 characters" in marked[0].message


def test_the_cap_holds_across_takes() -> None:
    buffer = LogBuffer(started_at=NOON, most_lines=3)
    taken = []
    for _ in range(10):
        say(buffer, "line")
        taken += buffer.take()

    assert [line.sequence for line in taken] == [1, 2, 3, 4]
    assert [line.stream for line in taken].count("platform") == 1


def test_characters_are_capped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "MOST_CHARACTERS", 100)
    buffer = LogBuffer(started_at=NOON, most_lines=1_000)
    say(buffer, *(["x" * 40] * 10))

    lines = buffer.take()

    assert [line.stream for line in lines] == ["log", "log", "platform"]
    assert len({line.sequence for line in lines}) == 3


@pytest.fixture
def full() -> LogBuffer:
    """A log that keeps nothing more."""
    buffer = LogBuffer(started_at=NOON, most_lines=3)
    say(buffer, *(["line"] * 4))
    assert len(buffer.take()) == 4
    return buffer


def test_what_a_full_log_does_not_keep_is_not_even_cleaned(
    full: LogBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleaned: list[str] = []
    monkeypatch.setattr(capture, "clean", lambda text, **_: cleaned.append(text))

    say(full, *(["line"] * 1_000))

    assert cleaned == []
    assert full.take() == []


@pytest.mark.parametrize("text", ["\n" * 5_000_000, "a line\n" * 500_000, "x" * 5_000_000])
def test_a_flood_into_a_full_log_is_not_taken_apart(
    full: LogBuffer, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(full, "add", lambda **line: kept.append(line["message"]))

    LineStream(full, "stdout", "INFO").write(text)

    assert len(kept) <= 10 * len(text) / capture._CHUNK + 10


@pytest.mark.parametrize(
    ("writes", "tail"),
    [
        (["a\nb\n"], ["a", "b"]),
        (["a\n", "\n" * 200_000, "b\n"], ["a", "b"]),
        (["a\n\n \n\nb\n \n"], ["a", "b"]),
        (["".join(f"{n}\n" for n in range(100_000))], [str(n) for n in range(99_990, 100_000)]),
        (["a\nb", "c\nd", "e"], ["a", "bc", "de"]),
        (["x" * 100 + "\n" * 100_000 + "y"], ["x" * 100, "y"]),
        (["x" * 9_000 + "\n"], ["x" * 500]),
        (["\n" * 100_000], []),
    ],
)
def test_a_full_log_still_knows_the_last_lines(
    full: LogBuffer, writes: list[str], tail: list[str]
) -> None:
    stream = LineStream(full, "stderr", "ERROR")

    for text in writes:
        stream.write(text)
    stream.finish()

    assert list(stream.tail) == tail


def test_a_text_of_many_lines_is_kept_whole(buffer: LogBuffer) -> None:
    lines = [f"{n} {'x' * 2_000}" for n in range(90)]
    text = "\n".join(lines) + "\n"

    assert LineStream(buffer, "stdout", "INFO").write(text) == len(text)
    assert messages(buffer) == lines


def test_threads_lose_no_line_and_share_no_number() -> None:
    buffer = LogBuffer(started_at=NOON, most_lines=10_000)
    barrier = threading.Barrier(8)

    def talk() -> None:
        barrier.wait()
        say(buffer, *(["line"] * 500))

    threads = [threading.Thread(target=talk) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [line.sequence for line in buffer.take()] == list(range(1, 4_001))


def test_lines_become_arrays_of_equal_length(buffer: LogBuffer) -> None:
    say(buffer, "a", "b")

    arrays = log_parameters(buffer.take())

    assert arrays["log_messages"] == ["a", "b"]
    assert {len(array) for array in arrays.values()} == {2}
    assert set(log_parameters([]).values()) == {None}


def test_no_line_holds_a_secret_that_the_attempt_has_read() -> None:
    buffer = LogBuffer(started_at=NOON, most_lines=10)
    buffer.mask.add("a-token-that-nobody-may-see")
    stream = LineStream(buffer, "stdout", "INFO")

    stream.write("sent a-token-that-nobody-")
    stream.write("may-see off\n")
    stream.finish()

    assert [line.message for line in buffer.take()] == ["sent [secret] off"]
