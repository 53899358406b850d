"""Compiling takes time in proportion to the number of SLOs, and little of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

PROGRAM = """
import json, time
from decimal import Decimal
from exai_sre.generate import prometheus_rules
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, make_slo

def cost(count):
    slos = [
        make_slo(f"slo-{number}", "shop", Decimal("0.999"), EventsIndicator(f"c{number}_total", good=GOOD))
        for number in range(count)
    ]
    start = time.process_time()
    assert len(prometheus_rules(slos)) == count + 1
    return time.process_time() - start

GOOD = (Matcher("outcome", ("ok",)),)
print(json.dumps([min(cost(count) for _ in range(3)) for count in (50, 100)]))
"""


def test_twice_as_many_slos_take_twice_the_cpu_time_and_a_thousand_less_than_ten_seconds(root):
    """In a process of its own, free of tracing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=root, capture_output=True, text=True, check=True
    )
    small, large = json.loads(ran.stdout)
    assert large < 3 * small
    assert large * 10 < 10
