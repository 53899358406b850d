"""Run the cases against every library, in virtual time.

    python -m benchmarks.cases [--format text|markdown|json] [--only C3,C14] [--into PAGE]

The text says what each form of each library did. ``--into`` writes the Markdown table into a page,
between its marks. The exit code is 1 if this library fails a case.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from benchmarks.cases.all_cases import CASES
from benchmarks.cases.libraries.all_libraries import LIBRARIES
from benchmarks.cases.table import FORMATS, Table, put_between_marks


def main() -> int:
    """Run the cases and print the verdicts; exit with 1 if ours fails one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases", description="Run the correctness cases.")
    parser.add_argument("--format", choices=sorted(FORMATS), default="text")
    parser.add_argument("--only", default="", help="cases to run, such as C3,C14; all without it")
    parser.add_argument("--into", type=Path, help="page to write the table into")
    options = parser.parse_args()
    wanted = {name.strip() for name in options.only.split(",") if name.strip()}
    warnings.simplefilter("ignore")
    table = Table.of([case for case in CASES if not wanted or case.name in wanted], LIBRARIES)
    if options.into is None:
        print(FORMATS[options.format](table))
    else:
        page = options.into.read_text(encoding="utf-8")
        options.into.write_text(put_between_marks(page, FORMATS["markdown"](table)), encoding="utf-8")
    return 1 if table.failed_by(LIBRARIES[-1].name) else 0


if __name__ == "__main__":
    sys.exit(main())
