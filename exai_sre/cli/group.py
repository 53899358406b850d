"""The commands: listed here, imported when they are used."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Final

import click

from exai_sre.cli.exits import OK, USAGE
from exai_sre.version import __version__

__all__ = ["COMMANDS", "LazyGroup", "commands"]

COMMANDS: Final = {
    "backfill": "Write the recorded series of past weeks, so that a new SLO knows its history.",
    "backtest": "Replay a history: which alerts would have fired, and which incidents none.",
    "check": "Lint SLO files, rules and dashboards against the catalog.",
    "compare": "Compare a shadow's rules with those in force.",
    "convert": "Read SLOs of any supported format and write OpenSLO v1.",
    "gate": "Let a release pass, or not, by the error budget that is left.",
    "generate": "Write rules, Alertmanager configuration, tests, dashboards and runbooks.",
    "init": "Read a metrics page or a Prometheus, write a catalog and propose SLOs.",
    "redact": "Take secrets out of log files and streams.",
    "status": "Say what Prometheus knows of each SLO: budget, burn rates, alerts.",
    "suggest": "Propose targets and burn tiers from a history.",
}
"""Names of the commands, which are names of modules beside this one, with what each does."""


class LazyGroup(click.Group):
    """A group whose commands are imported on first use, so that ``--help`` of one pays for one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, in order."""
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or ``None``."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            self.add_command(import_module(f"exai_sre.cli.{cmd_name}").command, cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS.get(name, "")) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine, 1 findings, 2 usage, 3 environment.",
)
@click.version_option(__version__, prog_name="exai-sre")
@click.option("--no-color", is_flag=True, help="Write without colours, as NO_COLOR does.")
@click.pass_context
def commands(ctx: click.Context, *, no_color: bool) -> int:
    """One SLO folder drives metrics, alerts, dashboards and error budgets."""
    if no_color or os.environ.get("NO_COLOR"):
        ctx.color = False
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        return USAGE
    return OK
