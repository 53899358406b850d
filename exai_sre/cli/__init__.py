"""The command line ``exai-sre``: one file for each command."""

from exai_sre.cli.main import run

__all__ = ["run"]
