"""``exai-sre redact``: files and streams, in place, compressed, in any encoding; nothing but secrets changes."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from exai_sre.cli import redact_io
from exai_sre.cli.exits import FINDINGS, OK
from exai_sre.cli.redact import command
from exai_sre.errors import ExaiSreError, SettingError
from exai_sre.logs.sanitize import marker

TOKEN = "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"
GONE = marker("github-token", len(TOKEN))
TEXT = f"a\r\nb {TOKEN}\n\n\tpassword=hunter2horse \xe9 \u2028end"
CLEAN = f"a\r\nb {GONE}\n\n\tpassword={marker('key-value', 12)} \xe9 \u2028end"


def redact(*arguments: object, given: bytes = b"") -> Result:
    result = CliRunner().invoke(command, list(map(str, arguments)), input=given, standalone_mode=False)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str = "app.log", content: bytes = TEXT.encode()) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def test_a_stream_comes_out_without_secrets_and_otherwise_byte_for_byte() -> None:
    odd = b"\xff\xfe\x80 " + TEXT.encode() + b"\xc3"
    result = redact(given=odd[2:])
    assert result.stdout_bytes == b"\x80 " + CLEAN.encode() + b"\xc3"
    assert result.return_value == OK
    assert result.stderr == "taken out: 2 (github-token 1, key-value 1)\n"


def test_an_empty_stream_is_fine() -> None:
    result = redact()
    assert (result.stdout_bytes, result.stderr, result.return_value) == (b"", "", OK)


def test_files_and_standard_input_come_out_in_their_order(log: Callable[..., Path]) -> None:
    result = redact(log("a", b"first\n"), "-", log("b", TOKEN.encode()), given=b"second\n")
    assert result.stdout_bytes == b"first\nsecond\n" + GONE.encode()


def test_a_summary_for_other_programs_goes_to_standard_error(log: Callable[..., Path]) -> None:
    path = log()
    result = redact(path, "--format", "json")
    assert json.loads(result.stderr) == {
        "files": 1,
        "bytes": path.stat().st_size,
        "redactions": 2,
        "rules": {"github-token": 1, "key-value": 1},
        "thrown_away": 0,
    }
    assert result.stdout_bytes == CLEAN.encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_an_encoding_is_recognised_and_kept(log: Callable[..., Path], encoding: str) -> None:
    assert redact(log(content=TEXT.encode(encoding))).stdout_bytes == CLEAN.encode(encoding)


def test_in_place_a_file_keeps_its_permissions_and_its_compression(log: Callable[..., Path]) -> None:
    plain, packed = log(), log("old.gz", gzip.compress(TEXT.encode()))
    plain.chmod(0o640)
    result = redact("--in-place", plain, packed)
    assert result.stdout_bytes == b""
    assert plain.read_bytes() == CLEAN.encode()
    assert stat.S_IMODE(plain.stat().st_mode) == 0o640
    assert gzip.decompress(packed.read_bytes()) == CLEAN.encode()
    assert sorted(path.name for path in plain.parent.iterdir()) == ["app.log", "old.gz"]


def test_a_link_is_followed_in_place(log: Callable[..., Path], tmp_path: Path) -> None:
    path, link = log(), tmp_path / "link"
    link.symlink_to(path)
    redact("--in-place", link)
    assert link.is_symlink()
    assert path.read_bytes() == CLEAN.encode()


def test_an_output_file_is_written_whole_or_not_at_all(log: Callable[..., Path], tmp_path: Path) -> None:
    output = tmp_path / "out.log"
    broken = log("old.gz", gzip.compress(TEXT.encode())[:-12])
    with pytest.raises(ExaiSreError, match=r"old.gz: is no valid gzip; check the file"):
        redact(log(), broken, "-o", output)
    assert not output.exists()
    redact(log(), "-o", output)
    assert output.read_bytes() == CLEAN.encode()
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(output.stat().st_mode) == 0o666 & ~mask


def test_compressed_input_comes_out_as_text(log: Callable[..., Path]) -> None:
    packed = gzip.compress(TEXT.encode("utf-16"))
    assert redact(log("a.gz", packed)).stdout_bytes == CLEAN.encode("utf-16")
    assert redact(given=packed).stdout_bytes == CLEAN.encode("utf-16")


def test_what_cannot_be_read_is_refused_for_it_would_pass_unseen(log: Callable[..., Path]) -> None:
    with pytest.raises(ExaiSreError, match=r"is compressed with bzip2; decompress it and pipe it in"):
        redact(log(content=bz2.compress(TEXT.encode())))
    with pytest.raises(ExaiSreError, match=r"is no valid utf-16-le"):
        redact(log(content=TEXT.encode("utf-16") + b"\xd8"))


@pytest.mark.parametrize("start", [b"", b"\x08\0\0\0\0\0\0\x03", b"\x08\0\0\0\0\0\0\x03" + b"no deflate" * 9])
def test_what_only_begins_like_gzip_is_told_and_no_traceback(log: Callable[..., Path], start: bytes) -> None:
    with pytest.raises(ExaiSreError, match=r"old.gz: is no valid gzip; check the file"):
        redact(log("old.gz", b"\x1f\x8b" + start))


@pytest.mark.parametrize("arguments", [["--in-place"], ["-o"]])
def test_what_is_no_plain_file_is_not_replaced_by_one(
    log: Callable[..., Path], tmp_path: Path, arguments: list[str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(click.UsageError, match="pipe is a device or a pipe, and would be replaced by a file"):
        redact(log(), *arguments, pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_check_lists_places_and_never_values(log: Callable[..., Path]) -> None:
    path = log(content=f'a\n{TOKEN}\n-\n{{"cookies": [1]}}\npassword=hunter2horse'.encode())
    result = redact("--check", path)
    assert result.return_value == FINDINGS
    assert result.stdout.splitlines() == [f"{path}:2: github-token", f"{path}:4: key", f"{path}:5: key-value"]
    assert json.loads(redact("--check", "--format", "json", path).stdout)[0] == {
        "file": str(path),
        "line": 2,
        "rule": "github-token",
    }
    assert path.read_bytes().startswith(b"a\nghp_")


def test_a_check_of_what_is_clean_says_nothing(log: Callable[..., Path]) -> None:
    result = redact("--check", log(content=b"plain\n"))
    assert (result.stdout, result.return_value) == ("", OK)
    assert redact("--check", "--format", "json", given=b"").stdout == "[]\n"


def test_lines_of_json_are_judged_by_structure_too() -> None:
    result = redact(given=b'{"n":1,"pin_password":1234}\n{"n": 1.10}\n')
    assert result.stdout_bytes == b'{"n":1,"pin_password":"[REDACTED:key]"}\n{"n": 1.10}\n'
    assert result.stderr == "taken out: 1 (key 1)\n"


def test_personal_data_and_own_keys_go_on_demand() -> None:
    given = b"to bob@mail.example.com badge=4711x card 4012888888881881\n"
    assert redact(given=given).stdout_bytes == given
    assert redact("--pii", "email", given=given).stdout_bytes.startswith(b"to [REDACTED:email:16+] badge=4711x card 40")
    everything = redact("--pii", "all", given=given).stdout
    assert "4012888888881881" not in everything
    assert "bob@mail" not in everything
    assert redact("--key", "badge", given=b'{"badge": "4711x"}').stdout == '{"badge": "[REDACTED:key:1+]"}'
    with pytest.raises(SettingError, match="no such kind of personal data"):
        redact("--pii", "shoe-size")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--in-place"], "--in-place needs files"),
        (["--in-place", "-"], "--in-place needs files"),
        (["--check", "-o", "x"], "exclude each other"),
        (["no-such-file"], "does not exist"),
        (["--format", "xml"], "'xml' is not one of"),
    ],
)
def test_a_wrong_use_is_told(arguments: list[str], said: str) -> None:
    with pytest.raises(click.UsageError, match=said):
        redact(*arguments)


def test_progress_is_shown_on_standard_error_on_demand(log: Callable[..., Path]) -> None:
    path = log(content=TEXT.encode() * 600)
    assert str(path) in redact("--progress", path).stderr
    assert str(path) not in redact("--no-progress", path).stderr


def test_a_very_long_secret_is_said_to_be_shortened() -> None:
    result = redact(given=b"Authorization: Bearer " + b"aB3dE6gH9jkL1mN4" * 8000)
    assert result.stdout.startswith("Authorization: Bearer [REDACTED:")
    assert "aB3dE6gH9j" not in result.stdout
    assert "left out of longer ones" in result.stderr


def test_the_help_has_examples() -> None:
    assert "exai-sre redact " in redact("--help").stdout.split("Examples:")[1]


def test_where_the_position_is_not_known_what_was_read_is_counted() -> None:
    class Pipe(redact_io.io.RawIOBase):
        """Cannot tell where it is."""

        def __init__(self) -> None:
            self.rest = TEXT.encode()

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            size = min(len(buffer), len(self.rest))
            buffer[:size], self.rest = self.rest[:size], self.rest[size:]
            return size

    with redact_io.opened(None, Pipe()) as source:  # type: ignore[arg-type]
        texts, positions = zip(*source.pieces(), strict=True)
        assert "".join(texts) == TEXT
        assert positions[-1] == len(TEXT.encode())


PROGRAM = "import sys; from exai_sre.cli.redact import command; sys.exit(command(standalone_mode=False))"


def test_a_line_is_passed_on_before_the_next_one_comes(root: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(f"{number} {TOKEN}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline() == f"{number} {GONE}\n".encode()
        process.stdin.close()
        assert process.wait() == OK


def test_a_reader_that_has_enough_is_no_error(root: Path, log: Callable[..., Path]) -> None:
    path = log(content=b"line\n" * 200_000)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"line\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait() == OK
