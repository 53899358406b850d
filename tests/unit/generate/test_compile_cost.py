"""Compiling takes time in proportion to the number of SLOs, and little of it."""

from __future__ import annotations

import time
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


def test_twice_as_many_slos_take_twice_the_cpu_time_and_a_thousand_less_than_ten_seconds():
    small = min(cost(50) for _ in range(3))
    large = min(cost(100) for _ in range(3))
    assert large < 3 * small
    assert large * 10 < 10
