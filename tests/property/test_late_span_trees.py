"""Which spans of a call tree are exported: by a model, for trees of any shape."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.testing import VirtualClock
from exai_sre.tracing import configure_tracing
from exai_sre.tracing.running import error_logged

SLOW = 10.0


@dataclass(frozen=True)
class Node:
    """One call: what it does itself, and the calls that it makes."""

    kind: str
    fails: bool
    logs: bool
    seconds: float
    children: tuple[Node, ...] = ()

    @property
    def total(self) -> float:
        """Seconds that it takes, the calls within it included."""
        return self.seconds + sum(child.total for child in self.children)


def nodes(children: st.SearchStrategy[Node] | None = None) -> st.SearchStrategy[Node]:
    kinds = st.sampled_from(("internal", "server", "client"))
    below = st.lists(children, max_size=3).map(tuple) if children is not None else st.just(())
    return st.builds(Node, kinds, st.booleans(), st.booleans(), st.sampled_from((0.0, 4.0, SLOW)), below)


trees = st.recursive(nodes(), nodes, max_leaves=12)


def expected(node: Node, path: str = "0", *, root: bool = True) -> set[str]:
    """Names of the calls that leave a span although their trace is not sampled."""
    found = set().union(*(expected(child, f"{path}.{at}", root=False) for at, child in enumerate(node.children)))
    entry = root or node.kind == "server"
    if found or node.logs or (entry and (node.fails or node.total >= SLOW)):
        found.add(path)
    return found


def everything(node: Node, path: str = "0") -> set[str]:
    return {path}.union(*(everything(child, f"{path}.{at}") for at, child in enumerate(node.children)))


def play(tracing, clock, node: Node, path: str = "0") -> None:
    with tracing.start(path, node.kind) as span:
        clock.advance(node.seconds)
        for at, child in enumerate(node.children):
            play(tracing, clock, child, f"{path}.{at}")
        if node.logs:
            error_logged()
        if node.fails:
            span.fail("failed")


def exported(node: Node, ratio: float) -> dict[str, object]:
    exporter, clock = InMemorySpanExporter(), VirtualClock()
    settings = {"exporter": exporter, "batch": False, "share": False, "environ": {}, "clock": clock}
    tracing = configure_tracing(service="t", sampler_ratio=ratio, slow_after=SLOW, **settings)
    play(tracing, clock, node)
    spans = exporter.get_finished_spans()
    tracing.shutdown()
    assert len({span.name for span in spans}) == len(spans)
    return {span.name: span for span in spans}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees)
def test_an_unsampled_tree_leaves_what_failed_was_slow_or_is_referred_to_and_hangs_together(node):
    spans = exported(node, 0.0)
    assert set(spans) == expected(node)
    for name, span in spans.items():
        above = name.rpartition(".")[0]
        assert (span.parent.span_id if span.parent else None) == (spans[above].context.span_id if above else None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees)
def test_a_sampled_tree_is_complete_and_has_nothing_late(node):
    spans = exported(node, 1.0)
    assert set(spans) == everything(node)
    assert not any("exai.late" in span.attributes for span in spans.values())
