"""The command line ``exai-sre``: one file for each command."""

from exai_sre.cli.main import main, run

__all__ = ["main", "run"]
