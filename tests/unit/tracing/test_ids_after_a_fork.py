"""Workers that a server forks make ids of their own."""

import subprocess
import sys

SCRIPT = """
import os, sys
from exai_sre.tracing import Tracing
kept, dropped = Tracing(), Tracing()
del dropped
read, write = os.pipe()
for _ in range(3):
    if os.fork() == 0:
        with kept.start("call") as span:
            os.write(write, span.context.trace_id.encode())
        os._exit(0)
    os.wait()
with kept.start("call") as span:
    print(os.read(read, 96).decode() + span.context.trace_id)
"""


def test_processes_that_were_forked_from_one_make_different_ids():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60)
    ids = run.stdout.strip()
    assert len({ids[at : at + 32] for at in range(0, 128, 32)}) == 4
