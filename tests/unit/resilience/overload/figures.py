"""Figures of the simulated overload: ``python -m tests.unit.resilience.overload.figures [--seeds N]``.

Three times the capacity arrives for 20 s. Goodput is the share of the answers in time that perfect
control could give; p99 is that of the highest priority, as a multiple of the unloaded one.
"""

from __future__ import annotations

import argparse
import asyncio

from tests.unit.resilience.overload.scenarios import SHAPES, WORK, bounded_queue, protected, run, unshed
from tests.unit.resilience.overload.simulation import Service

SERVICES = {
    "8 workers, 50 ms": (8, 0.05),
    "20 workers, 100 ms": (20, 0.1),
    "50 workers, 300 ms": (50, 0.3),
    "120 workers, 500 ms": (120, 0.5),
}


async def main() -> None:
    """Run every service, kind of work and shape through the three pipelines; print the worst of the seeds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(parser.parse_args().seeds)
    print("service\twork\tshape\tpipeline\tgoodput\tp99 x\tserved\tbefore\trecovered s")
    for name, (workers, mean) in SERVICES.items():
        for work, draw in WORK.items():
            service = Service(workers=workers, mean=mean, draw=draw, patience=10 * mean)
            for shape in SHAPES:
                for make in (protected, unshed, bounded_queue):
                    found = [run(shape, service, make, seed) for seed in seeds]
                    print(
                        name, work, shape, make.__name__,
                        f"{min(verdict.goodput for verdict in found):.3f}",
                        f"{max(verdict.slower for verdict in found):.2f}",
                        f"{min(verdict.served for verdict in found):.3f}",
                        f"{min(verdict.before for verdict in found):.3f}",
                        max(verdict.recovered for verdict in found),
                        sep="\t", flush=True,
                    )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main())
