"""Several worker processes log to one rotating file: no line is lost, torn or written twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

WORKERS, LINES, MAX_BYTES = 4, 500, 8_000

WORKER = """
import sys
from exai_sre.logs.file import LogFile
from exai_sre.logs.writer import LineWriter

writer = LineWriter(LogFile(sys.argv[1], max_bytes=int(sys.argv[3])), linger=0.0001)
sys.stdin.readline()
for number in range(int(sys.argv[4])):
    writer.write(f"{sys.argv[2]}-{number:05}-" + "x" * (number % 70))
    if number % 7 == 0:
        writer.flush(60)
writer.close(60)
"""


def test_lines_of_all_workers_are_whole_and_there_once_across_rotations(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(path), str(number), str(MAX_BYTES), str(LINES)], stdin=subprocess.PIPE
        )
        for number in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
    assert [worker.wait(120) for worker in workers] == [0] * WORKERS
    parts = [part for part in tmp_path.iterdir() if part.suffix == ".log"]
    written = sorted(line for part in parts for line in part.read_text().splitlines())
    expected = sorted(f"{w}-{n:05}-" + "x" * (n % 70) for w in range(WORKERS) for n in range(LINES))
    assert written == expected
    assert len(parts) > 5
    # Who finds another rotating writes on instead of waiting for it, so that one file or the other gets longer.
    assert median(part.stat().st_size for part in parts) <= 2 * MAX_BYTES
