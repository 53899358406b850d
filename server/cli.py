"""The command line: reads settings, runs a command, turns errors into one line and an exit code."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Any, Final, NoReturn, TypeVar

from exai_sre.errors import ExaiSreError, SettingError, SpecError
from exai_sre.settings import suggestion
from server.settings import PREFIX, SETTINGS, load_settings

__all__ = ["ENVIRONMENT", "USAGE", "main"]

USAGE: Final = 2
"""Exit code: what was asked for cannot be done as it was asked."""

ENVIRONMENT: Final = 3
"""Exit code: the machine lacks something, such as a free port."""

T = TypeVar("T")

_COMMANDS: Final = ("serve", "demo")
_EXAMPLES: Final = f"""\
examples:
  python -m server                              serve on 127.0.0.1:8079 (MCP) and :8080 (live page)
  python -m server serve --stdio                serve one client on standard input and output
  python -m server serve --mcp-port 0           take any free port; the banner says which
  GLM_API_KEY=... python -m server              ask the real GLM instead of the simulator
  python -m server demo                         a scripted outage in 90 seconds

Each setting is read from its flag, else from the environment (--mcp-port is {PREFIX}MCP_PORT), else
from the TOML file that --config or {PREFIX}CONFIG names (mcp_port = 8079), else its default is taken.
Exit codes: 0 fine, 1 findings, 2 usage, 3 environment.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"error: {message}; see python -m server --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = _parser().parse_args(_with_command(given))
        return _run(options)
    except (SettingError, SpecError) as error:
        _say(f"error: {error}\n")
        return USAGE
    except ExaiSreError as error:
        _say(f"error: {error}\n")
        return ENVIRONMENT
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    flags = {setting.name: getattr(options, setting.name, None) for setting in SETTINGS}
    settings = load_settings({**flags, "config": options.config}, os.environ)
    if options.command == "demo":
        from server.demo.command import demo

        return _complete(demo(settings, os.environ))
    # What is imported at the start is there to stay: looking through it for garbage is time lost.
    gc.disable()
    from server.serve import serve

    _complete(serve(settings, os.environ, stdio=options.stdio, say=_say))
    return 0


def _complete(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` on uvloop where it is installed."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _with_command(given: list[str]) -> list[str]:
    """``serve`` is what happens when no command is named."""
    if not given or (given[0].startswith("-") and given[0] not in {"-h", "--help"}):
        return ["serve", *given]
    if given[0] not in _COMMANDS and not given[0].startswith("-"):
        near = suggestion(given[0], _COMMANDS)
        hint = f"did you mean {near}?" if near else f"commands are {' and '.join(_COMMANDS)}"
        raise SettingError("command", given[0], "is no command", remedy=hint)
    return given


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="python -m server", description="The EX-AI MCP server.", epilog=_EXAMPLES, formatter_class=raw
    )
    commands = parser.add_subparsers(dest="command", metavar="{serve,demo}", parser_class=_Parser)
    serve = commands.add_parser("serve", help="run the server", epilog=_EXAMPLES, formatter_class=raw)
    serve.add_argument("--stdio", action="store_true", help="serve one client on standard input and output; no ports")
    demo = commands.add_parser("demo", help="run the scripted show", epilog=_EXAMPLES, formatter_class=raw)
    for each in (serve, demo):
        each.add_argument("--config", metavar="FILE", help="TOML file with settings")
        for setting in SETTINGS:
            each.add_argument(setting.flag, dest=setting.name, metavar=_metavar(setting.name), help=_help(setting))
    return parser


def _metavar(name: str) -> str:
    return name.rpartition("_")[2].upper()


def _help(setting: Any) -> str:
    shown = ",".join(setting.default) if isinstance(setting.default, tuple) else setting.default
    return f"{setting.help} (default: {shown})" if shown not in {None, ""} else setting.help
