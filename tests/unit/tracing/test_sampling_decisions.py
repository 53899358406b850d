"""Head sampling: by ratio, by parent, from the environment."""

import pytest
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from exai_sre.context import TraceContext
from exai_sre.errors import SettingError
from exai_sre.tracing import Sampling


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.5, 1.0])
def test_the_decision_equals_that_of_opentelemetrys_ratio_sampler(ratio):
    theirs = TraceIdRatioBased(ratio)
    for number in (1, 1 << 63, (1 << 64) - 1, int(0.1 * 2**64), int(0.5 * 2**64), (1 << 127) + 3):
        decided = theirs.should_sample(None, number, "x").decision.is_sampled()
        assert Sampling(ratio).decide(f"{number:032x}", None) is decided


@pytest.mark.parametrize("sampled", [True, False])
def test_a_parents_decision_holds_only_where_it_is_asked_for(sampled):
    parent = TraceContext("a" * 32, "b" * 16, sampled)
    assert Sampling(0.0 if sampled else 1.0).decide(parent.trace_id, parent) is sampled
    assert Sampling(1.0, parent_based=False).decide(parent.trace_id, parent) is True


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, Sampling(1.0)),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, Sampling(0.0, parent_based=False)),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_on"}, Sampling(1.0)),
        ({"OTEL_TRACES_SAMPLER": "traceidratio"}, Sampling(1.0, parent_based=False)),
        ({"OTEL_TRACES_SAMPLER": " ParentBased_TraceIdRatio ", "OTEL_TRACES_SAMPLER_ARG": "0.25"}, Sampling(0.25)),
    ],
)
def test_the_environment_sets_ratio_and_parent(environ, expected):
    assert Sampling.from_environment(environ) == expected


@pytest.mark.parametrize(
    ("environ", "setting"),
    [
        ({"OTEL_TRACES_SAMPLER": "jaeger_remote"}, "OTEL_TRACES_SAMPLER"),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "half"}, "OTEL_TRACES_SAMPLER_ARG"),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"}, "OTEL_TRACES_SAMPLER_ARG"),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "nan"}, "OTEL_TRACES_SAMPLER_ARG"),
    ],
)
def test_an_unusable_value_is_refused_under_its_name(environ, setting):
    with pytest.raises(SettingError) as raised:
        Sampling.from_environment(environ)
    assert raised.value.setting == setting


def test_a_ratio_outside_zero_to_one_is_refused():
    with pytest.raises(SettingError, match="no ratio"):
        Sampling(1.5)
