"""The command line as a whole: errors are one line, exit codes mean what they say."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from importlib import import_module

import pytest

from exai_sre.cli.exits import ENVIRONMENT, FINDINGS, OK, USAGE, exit_code_of
from exai_sre.cli.main import run
from exai_sre.errors import MissingExtraError, SettingError, SpecError
from exai_sre.version import __version__

entry = import_module("exai_sre.cli.main")


def one_line(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("exai-sre: ")
    assert err.count("\n") == 1
    return err


def test_without_a_command_the_commands_are_listed(capsys):
    assert run([]) == USAGE
    assert "generate" in capsys.readouterr().err


def test_help_and_version_are_fine(capsys):
    assert run(["--help"]) == OK
    assert "Exit codes: 0 fine, 1 findings" in capsys.readouterr().out
    assert run(["--version"]) == OK
    assert capsys.readouterr().out == f"exai-sre, version {__version__}\n"


@pytest.mark.parametrize(
    "command", ["backfill", "backtest", "check", "compare", "convert", "gate", "generate", "init", "status", "suggest"]
)
def test_help_of_a_command_has_examples(capsys, command):
    assert run([command, "--help"]) == OK
    assert f"exai-sre {command} " in capsys.readouterr().out.split("Examples:")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "No such command 'nothing'"),
        (["generate"], "Missing option '-i'"),
        (["generate", "-i", "slo", "-o", ".", "--only", "rulez"], "'rulez' is not among alertmanager"),
        (["generate", "-i", "slo", "-o", ".", "--only", ","], "nothing is not among"),
        (["generate", "-i", "slo", "-o", ".", "--scrape-interval", "often"], "'often' is no duration"),
        (["check"], "Missing argument"),
        (["check", "no-such-file"], "does not exist"),
        (["check", "slo", "--format", "xml"], "'xml' is not one of"),
        (["check", "slo", "--catalog", "server.metrics"], "names no attribute of a module"),
        (["check", "slo", "--catalog", "no.such:thing"], "cannot be imported: ModuleNotFoundError"),
        (["check", "slo", "--catalog", "server.metrics:nothing"], "does not exist"),
        (["check", "slo", "--catalog", "server.metrics:TOOLS"], "is a tuple, no catalog"),
    ],
)
def test_a_wrong_command_is_one_line(root, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(root)
    assert run(arguments) == USAGE
    assert said in one_line(capsys)


def test_errors_end_with_the_code_of_their_kind():
    assert exit_code_of(SpecError("x")) == FINDINGS
    assert exit_code_of(SettingError("a", "b", "c")) == USAGE
    assert exit_code_of(MissingExtraError("click", "cli")) == ENVIRONMENT


def test_a_missing_extra_names_what_to_install(monkeypatch, capsys):
    def missing(*_args, **_kwargs):
        raise MissingExtraError("click", "cli")

    monkeypatch.setattr(entry, "require", missing)
    assert run(["check"]) == ENVIRONMENT
    assert "pip install 'exai-sre[cli]'" in one_line(capsys)


def test_a_folder_that_cannot_be_written_is_one_line(root, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(root)
    (tmp_path / "alerts").write_text("a file in the way")
    assert run(["generate", "-i", "slo", "-o", str(tmp_path), "--only", "rules"]) == ENVIRONMENT
    assert "alerts" in one_line(capsys)


def test_an_interrupt_is_one_line(monkeypatch, capsys):
    import click

    monkeypatch.setattr("exai_sre.cli.group.commands.main", lambda *_a, **_k: (_ for _ in ()).throw(click.Abort()))
    assert run(["check"]) == ENVIRONMENT
    assert "stopped" in one_line(capsys)


def test_an_error_without_a_file_name_is_one_line_too(monkeypatch, capsys):
    def fail(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("exai_sre.cli.group.commands.main", fail)
    assert run(["check"]) == ENVIRONMENT
    assert "input/output: No space left" in one_line(capsys)


def test_a_reader_that_has_enough_ends_the_command_quietly(root):
    code = (
        "import os, sys\n"
        "from exai_sre.cli import run\n"
        "reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1)\n"
        "sys.exit(run(['check', 'slo']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == ""


def test_main_ends_the_process_with_the_code(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["exai-sre", "--version"])
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == OK
    assert capsys.readouterr().out


def test_the_working_folder_can_be_imported_from(tmp_path, monkeypatch, capsys):
    (tmp_path / "my_own_catalog.py").write_text("from exai_sre.metrics import Catalog\nmine = Catalog()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", os.getcwd())])
    (tmp_path / "x.rules.yaml").write_text("groups: []\n")
    assert run(["check", "x.rules.yaml", "--catalog", "my_own_catalog:mine"]) == OK
    assert run(["check", "x.rules.yaml", "--catalog", "my_own_catalog:mine"]) == OK
    assert sys.path.count(str(tmp_path)) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("how", ["flag", "variable"])
def test_colours_can_be_switched_off(root, monkeypatch, capsys, how):
    seen = []
    monkeypatch.chdir(root)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if how == "variable":
        monkeypatch.setenv("NO_COLOR", "yes please")

    import click

    monkeypatch.setattr("exai_sre.cli.check._print", lambda _found: seen.append(click.get_current_context().color))
    assert run([*(["--no-color"] if how == "flag" else []), "check", "slo"]) == OK
    assert seen == [False]
    capsys.readouterr()
