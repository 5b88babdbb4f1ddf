"""Which command a worker starts: the words of a string, and the programs that are allowed."""

import os
from pathlib import Path

import pytest

from executions.handlers.out_of_process.argv import CommandRefused, read_command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with programs, links and what only looks like a program."""
    root = Path(os.path.realpath(tmp_path))
    for name in ("bin/daily", "bin/deep/weekly", "other/tool", "multi/box"):
        make_program(root / name)
    (root / "bin/notes.txt").write_text("no program")
    (root / "bin/inside").symlink_to("daily")
    (root / "bin/outside").symlink_to("../other/tool")
    (root / "bin/loop").symlink_to("loop")
    for name in ("*", "?", "[o]"):
        (root / "bin" / name).symlink_to("../other/tool")
    (root / "current").symlink_to("bin")
    (root / "multi/ls").symlink_to("box")
    (root / "multi/sh").symlink_to("box")
    return root


def make_program(path: Path) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("/bin/sh", ["/bin/sh"]),
        ("  /bin/sh   -c  'a  b' ", ["/bin/sh", "-c", "a  b"]),
        ('/bin/sh "a \\"b\\"" c\\ d', ["/bin/sh", 'a "b"', "c d"]),
        ("/bin/sh ''", ["/bin/sh", ""]),
        ("/bin/sh\n-c\ttrue", ["/bin/sh", "-c", "true"]),
        ("/bin/sh $HOME `id` $(id) ; a | b > c && d *", None),
        ("/bin/sh # no comment", ["/bin/sh", "#", "no", "comment"]),
        ("/bin/sh größe", ["/bin/sh", "größe"]),
    ],
)
def test_a_command_is_words_and_no_shell_reads_it(text: str, argv: list[str] | None) -> None:
    assert read_command(text, allowed=["/bin/sh"]) == (argv or text.split())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "executionCommand is empty. Give the absolute path of a program, and its arguments."),
        (" \n", "executionCommand is empty."),
        ("/bin/sh 'a", "cannot be split into words: No closing quotation. Check its quotes."),
        ("/bin/sh a\\", "cannot be split into words: No escaped character."),
        ("sh -c true", "starts with 'sh'. Give the program's absolute path, without '.', '..'"),
        ("bin/sh", "starts with 'bin/sh'. Give the program's absolute path"),
        ("./sh", "absolute path"),
        ("~/sh", "absolute path"),
        ("'' a", "starts with ''. Give"),
        ("/bin/../bin/sh", "without '.', '..' and '//'"),
        ("/bin/./sh", "without '.'"),
        ("/bin//sh", "and '//'"),
        ("//bin/sh", "and '//'"),
        ("/bin/sh/", "absolute path"),
    ],
)
def test_a_command_that_is_no_plain_path_and_arguments_is_refused(text: str, says: str) -> None:
    with pytest.raises(CommandRefused) as refusal:
        read_command(text, allowed=["/bin/sh", "/*/*", "/*/*/*", "*", "sh"])

    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("program", "allowed"),
    [
        ("bin/daily", ["bin/daily"]),
        ("bin/daily", ["bin/*"]),
        ("bin/daily", ["bin/d?[i]*"]),
        ("bin/daily", ["other/tool", "bin/*"]),
        ("bin/daily", ["*/daily"]),
        ("bin/deep/weekly", ["bin/*/*"]),
        ("bin/inside", ["bin/inside"]),
        ("bin/inside", ["bin/*"]),
        ("bin/outside", ["bin/outside"]),
        ("bin/outside", ["bin/*", "bin/outside"]),
        ("current/daily", ["current/daily"]),
        ("current/daily", ["current/*"]),
        ("multi/ls", ["multi/ls"]),
    ],
)
def test_what_is_listed_or_matches_with_all_its_links_is_allowed(
    folder: Path, program: str, allowed: list[str]
) -> None:
    path = f"{folder}/{program}"

    assert read_command(f"{path} -v", allowed=[f"{folder}/{a}" for a in allowed]) == [path, "-v"]


@pytest.mark.parametrize(
    ("program", "allowed"),
    [
        ("bin/daily", []),
        ("bin/daily", ["bin/dail"]),
        ("bin/daily", ["bin/"]),
        ("bin/daily", ["bin"]),
        ("bin/daily", ["*"]),
        ("bin/daily", ["bin/daily/*"]),
        ("bin/daily", ["bin/DAILY"]),
        ("bin/deep/weekly", ["bin/*"]),
        ("bin/deep/weekly", ["bin/**"]),
        ("bin/deep/weekly", ["*"]),
        ("bin/deep/weekly", ["bin/deep?weekly"]),
        # Another name of what is allowed may do something else, as with busybox.
        ("multi/sh", ["multi/ls"]),
        ("multi/box", ["multi/ls"]),
        ("current/daily", ["bin/daily"]),
        ("current/daily", ["bin/*"]),
        # A pattern's own text is not what it matches.
        ("bin/[o]", ["bin/[o]"]),
    ],
)
def test_everything_else_is_refused_with_the_setting_and_the_remedy(
    folder: Path, program: str, allowed: list[str]
) -> None:
    path, listed = f"{folder}/{program}", [f"{folder}/{a}" for a in allowed]

    with pytest.raises(CommandRefused) as refusal:
        read_command(path, allowed=listed)

    assert str(refusal.value) == (
        f"{path} is not in SCHEDULER_ALLOWED_COMMANDS of this worker, which lists"
        f" {', '.join(listed) or 'nothing'}. To allow it, add it there and restart the workers."
    )


@pytest.mark.parametrize(
    ("program", "allowed", "target"),
    [
        ("bin/outside", "bin/*", "other/tool"),
        ("multi/ls", "multi/l*", "multi/box"),
        # A name that is the pattern's own text is still one of those that it matches.
        ("bin/*", "bin/*", "other/tool"),
        ("bin/?", "bin/?", "other/tool"),
    ],
)
def test_a_link_in_an_allowed_folder_opens_no_other_program(
    folder: Path, program: str, allowed: str, target: str
) -> None:
    with pytest.raises(CommandRefused) as refusal:
        read_command(f"{folder}/{program}", allowed=[f"{folder}/{allowed}"])

    assert str(refusal.value) == (
        f"{folder}/{program} leads to {folder}/{target}, which {folder}/{allowed} in"
        " SCHEDULER_ALLOWED_COMMANDS does not cover. To allow it, list"
        f" {folder}/{program} itself and restart the workers."
    )


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("bin/gone", "does not exist on this worker. Install it, or mend the path."),
        ("bin/deep", "is no file. Give the path of a program."),
        ("bin/notes.txt", "may not be executed by the worker's user (chmod +x)."),
        ("bin/loop", "does not exist on this worker."),
    ],
)
def test_what_cannot_be_executed_is_refused_with_the_reason(
    folder: Path, program: str, says: str
) -> None:
    with pytest.raises(CommandRefused) as refusal:
        read_command(f"{folder}/{program}", allowed=[f"{folder}/bin/*"])

    assert str(refusal.value).startswith(f"{folder}/{program} {says}")


def test_the_python_of_a_system_is_a_link_and_allowed_by_its_usual_name(folder: Path) -> None:
    make_program(folder / "usr/python3.11")
    (folder / "usr/python3").symlink_to("python3.11")

    for allowed in ("usr/python3", "usr/python3*"):
        assert read_command(f"{folder}/usr/python3", allowed=[f"{folder}/{allowed}"])
