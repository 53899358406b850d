"""Alerts on what guards the calls: each follows from a strategy of a policy, with its numbers.

They speak of causes, so they are tickets: whether users feel it is what the objectives tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from exai_sre.errors import SettingError
from exai_sre.generate.alert import Alert, Guidance, camel_case
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promql import le_text, selector
from exai_sre.generate.resilience.facts import ADMISSION, Guarded, breakers_of, budgeted, guarded_by
from exai_sre.metrics import Matcher
from exai_sre.metrics.families.protection import BREAKER_STATES
from exai_sre.names import LabelName, Metric
from exai_sre.resilience.config import Policies, PolicySpec
from exai_sre.slo.windows import format_duration

__all__ = [
    "FIRST_REFUSED_RETRIES",
    "PATIENT_OPENINGS",
    "REFUSING",
    "TOPIC",
    "Decided",
    "Thresholds",
    "Watched",
    "resilience_alerts",
    "watched",
    "window_of",
]

TOPIC: Final = "resilience"
"""Name of the runbook page."""

PATIENT_OPENINGS: Final = 3
"""Open times in a row that a breaker may take before it is reported: less is an outage that heals."""

FIRST_REFUSED_RETRIES: Final = 3
"""Retries refused for want of budget below which nothing is reported."""

REFUSING: Final = tuple(BREAKER_STATES.index(state) for state in ("open", "half_open", "forced_open"))
"""Values of the state gauge with which calls are refused or probed."""

_PIPELINE: Final = "pipeline"
_WINDOW: Final = 300
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the alerts begin; shares of the calls of a pipeline, 0 to 1.

    Attributes:
        rejected: share refused by a limit.
        shed: share turned away by a load shedder.
        timed_out: share that ran out of time.
        budget_empty: share of the wanted retries that the budget refused.
        minimum_calls: no share is taken of fewer calls.

    Raises:
        SettingError: a share is not between 0 and 1, or there is no minimum.
    """

    rejected: float = 0.1
    shed: float = 0.1
    timed_out: float = 0.1
    budget_empty: float = 0.5
    minimum_calls: int = 20

    def __post_init__(self) -> None:
        for name in ("rejected", "shed", "timed_out", "budget_empty"):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise SettingError(name, str(value), "is no share", remedy="give a number between 0 and 1")
        if self.minimum_calls < 1:
            raise SettingError(
                "minimum_calls", str(self.minimum_calls), "is no number of calls", remedy="give 1 or more"
            )


@dataclass(frozen=True, slots=True)
class Decided:
    """One series of decisions: kind of the strategy, and decision."""

    strategy: str
    decision: str


@dataclass(frozen=True, slots=True)
class Watched:
    """An alert with what it reads, so that its tests come from the same place.

    Attributes:
        alert: the alert.
        subject: the breaker or the pipeline.
        bad: decisions whose share is too high; none for an alert on a breaker's state.
        rest: a decision that is counted into the whole but is not bad.
        echo: the decision of the pipeline as a whole that comes with each bad one; ``None`` where the bad ones
            are counted into the whole themselves.
        share: the share above which it fires.
        least: it is silent below so many decisions in its window.
    """

    alert: Alert
    subject: str
    bad: tuple[Decided, ...] = ()
    rest: Decided = Decided(_PIPELINE, "succeeded")
    echo: Decided | None = None
    share: float = 0.0
    least: int = 0


def resilience_alerts(
    policies: Policies | PolicySpec, options: RuleOptions, thresholds: Thresholds | None = None
) -> list[Alert]:
    """The alerts of these policies: on breakers, limits, load shedders, timeouts and retry budgets.

    Args:
        policies: the policies of the service.
        options: scrape interval and links.
        thresholds: where the alerts begin.
    """
    return [each.alert for each in watched(policies, options, thresholds)]


def watched(
    policies: Policies | PolicySpec, options: RuleOptions, thresholds: Thresholds | None = None
) -> list[Watched]:
    """The alerts with what they read, ordered by name; arguments as for :func:`resilience_alerts`."""
    spec = policies.spec if isinstance(policies, Policies) else policies
    chosen = thresholds or Thresholds()
    made = [_breaker(name, seconds, options) for name, seconds in breakers_of(spec).items()]
    made += [_rejected(each, options, chosen) for each in guarded_by(spec, *ADMISSION)]
    made += [_shed(each, options, chosen) for each in guarded_by(spec, "load_shedder")]
    made += [_timed_out(each, options, chosen) for each in guarded_by(spec, "timeout")]
    made += [_budget_empty(each, options, chosen) for each in budgeted(spec)]
    return sorted(made, key=lambda each: each.alert.name)


def window_of(options: RuleOptions) -> int:
    """Seconds over which shares are taken."""
    return max(_WINDOW, options.symptom_window)


def _decided(pipeline: str, function: str, options: RuleOptions, *matchers: Matcher) -> str:
    chosen = selector(Metric.RESILIENCE_DECISIONS, (Matcher(LabelName.PIPELINE, (pipeline,)), *matchers))
    return f"sum by ({LabelName.PIPELINE}) ({function}({chosen}[{format_duration(window_of(options))}]))"


def _share(guarded: Guarded, options: RuleOptions, thresholds: Thresholds, threshold: float, *matchers: Matcher) -> str:
    """More than a share of the calls of a pipeline, of at least so many calls."""
    ends = Matcher(LabelName.STRATEGY, (_PIPELINE,))
    return (
        f"{_decided(guarded.pipeline, 'rate', options, *matchers)}\n/\n"
        f"{_decided(guarded.pipeline, 'rate', options, ends)}\n> {le_text(threshold)}\n"
        f"and\n{_decided(guarded.pipeline, 'increase', options, ends)} >= {thresholds.minimum_calls}"
    )


def _named(subject: str, what: str) -> str:
    return f"{camel_case(subject)}{what}"


def _percent(share: float) -> str:
    return f"{share * 100:g} %"


def _breaker(name: str, open_seconds: float, options: RuleOptions) -> Watched:
    patience = math.ceil(max(options.patience, PATIENT_OPENINGS * open_seconds) / _MINUTE) * _MINUTE
    state = selector(Metric.BREAKER_STATE, (Matcher(LabelName.BREAKER, (name,)),))
    first, last = min(REFUSING), max(REFUSING)
    alert = Alert(
        name=_named(name, "BreakerOpenTooLong"),
        expr=f"{state} >= {first} and {state} <= {last}",
        severity="ticket",
        guidance=Guidance(
            meaning=f"The circuit breaker {name} has not closed again: what it guards stays down, or its probes fail.",
            steps=(
                "See on the upstreams dashboard which errors its calls ended in before it opened.",
                "Ask the dependency itself: if it answers by hand, the probes fail for a reason of ours.",
                "A breaker that is forced open was set so by hand: find out by whom, and reset it.",
            ),
            background=f"It stays open for up to {open_seconds:g} s at a time; the alert waits for {PATIENT_OPENINGS} "
            "of these, so that an outage that heals is no ticket.",
        ),
        topic=TOPIC,
        for_=patience,
    )
    made = alert.made(
        options,
        f"Circuit breaker {name} stays open",
        f"The circuit breaker {name} has admitted no call but probes for {format_duration(patience)}.",
    )
    return Watched(made, name)


def _rejected(guarded: Guarded, options: RuleOptions, thresholds: Thresholds) -> Watched:
    matchers = (Matcher(LabelName.STRATEGY, guarded.kinds), Matcher(LabelName.DECISION, ("rejected",)))
    alert = Alert(
        name=_named(guarded.pipeline, "CallsRejected"),
        expr=_share(guarded, options, thresholds, thresholds.rejected, *matchers),
        severity="ticket",
        guidance=Guidance(
            meaning=f"Limits refuse more than {_percent(thresholds.rejected)} of the calls through {guarded.pipeline}.",
            steps=(
                "See on the upstreams dashboard whether more calls come than usual, or whether each takes longer.",
                "If they take longer, look at the dependency: a limit fills up when it is slow.",
                "If more come and the dependency can take them, raise the limit in the policy file.",
            ),
            background=f"Its limits are {guarded.numbers}.",
        ),
        topic=TOPIC,
        for_=options.patience,
    )
    made = alert.made(
        options,
        f"Limits refuse many calls through {guarded.pipeline}",
        f"More than {_percent(thresholds.rejected)} of the calls through {guarded.pipeline} were refused by "
        f"{guarded.numbers}.",
    )
    bad = tuple(Decided(kind, "rejected") for kind in guarded.kinds)
    return Watched(
        made,
        guarded.pipeline,
        bad,
        echo=Decided(_PIPELINE, "rejected"),
        share=thresholds.rejected,
        least=thresholds.minimum_calls,
    )


def _shed(guarded: Guarded, options: RuleOptions, thresholds: Thresholds) -> Watched:
    matchers = (Matcher(LabelName.STRATEGY, guarded.kinds), Matcher(LabelName.DECISION, ("shed",)))
    alert = Alert(
        name=_named(guarded.pipeline, "CallsShed"),
        expr=_share(guarded, options, thresholds, thresholds.shed, *matchers),
        severity="ticket",
        guidance=Guidance(
            meaning=f"More than {_percent(thresholds.shed)} of the calls through {guarded.pipeline} are turned away "
            "to keep more important ones going.",
            steps=(
                "See whether the load has grown or the dependency has become slower: the adaptive limit shows both.",
                "See whether error budget burns: a load shedder that goes by it recovers when the burning ends.",
                "Add capacity, or lower the load of the least important callers at its source.",
            ),
            background="Shedding is what should happen in an overload; an overload that lasts is the ticket.",
        ),
        topic=TOPIC,
        for_=options.patience,
    )
    made = alert.made(
        options,
        f"Many calls through {guarded.pipeline} are shed",
        f"More than {_percent(thresholds.shed)} of the calls through {guarded.pipeline} were turned away by the load "
        "shedder.",
    )
    return Watched(
        made,
        guarded.pipeline,
        (Decided("load_shedder", "shed"),),
        echo=Decided(_PIPELINE, "rejected"),
        share=thresholds.shed,
        least=thresholds.minimum_calls,
    )


def _timed_out(guarded: Guarded, options: RuleOptions, thresholds: Thresholds) -> Watched:
    matchers = (Matcher(LabelName.STRATEGY, (_PIPELINE,)), Matcher(LabelName.DECISION, ("expired", "timed_out")))
    alert = Alert(
        name=_named(guarded.pipeline, "CallsTimeOut"),
        expr=_share(guarded, options, thresholds, thresholds.timed_out, *matchers),
        severity="ticket",
        guidance=Guidance(
            meaning=f"More than {_percent(thresholds.timed_out)} of the calls through {guarded.pipeline} run out of "
            "time, retries included.",
            steps=(
                "See the duration of guarded calls on the upstreams dashboard: has the dependency become slower?",
                "Calls that expired were not begun: their callers' deadline had passed, so look at what came before.",
                "If the dependency is as quick as ever, the times of the policy do not fit it.",
            ),
            background=f"Its time limits are {guarded.numbers}.",
        ),
        topic=TOPIC,
        for_=options.patience,
    )
    made = alert.made(
        options,
        f"Many calls through {guarded.pipeline} time out",
        f"More than {_percent(thresholds.timed_out)} of the calls through {guarded.pipeline} ran out of time: "
        f"{guarded.numbers}.",
    )
    bad = (Decided(_PIPELINE, "expired"), Decided(_PIPELINE, "timed_out"))
    return Watched(made, guarded.pipeline, bad, share=thresholds.timed_out, least=thresholds.minimum_calls)


def _budget_empty(guarded: Guarded, options: RuleOptions, thresholds: Thresholds) -> Watched:
    kinds = Matcher(LabelName.STRATEGY, guarded.kinds)
    empty = Matcher(LabelName.DECISION, ("budget_empty",))
    wanted = Matcher(LabelName.DECISION, ("budget_empty", "hedged", "retried"))
    alert = Alert(
        name=_named(guarded.pipeline, "RetryBudgetEmpty"),
        expr=f"{_decided(guarded.pipeline, 'rate', options, kinds, empty)}\n/\n"
        f"{_decided(guarded.pipeline, 'rate', options, kinds, wanted)}\n> {le_text(thresholds.budget_empty)}\n"
        f"and\n{_decided(guarded.pipeline, 'increase', options, kinds, empty)} >= {FIRST_REFUSED_RETRIES}",
        severity="ticket",
        guidance=Guidance(
            meaning=f"The retry budget of {guarded.pipeline} is empty: most calls that fail get no second attempt.",
            steps=(
                "See on the upstreams dashboard why so many first attempts fail; that is the fault to mend.",
                "Raise the budget only if the dependency fails often and can take the added load.",
            ),
            background="The budget keeps retries from drowning a dependency that is down; without failures it is full.",
        ),
        topic=TOPIC,
        for_=options.patience,
    )
    made = alert.made(
        options,
        f"The retry budget of {guarded.pipeline} is empty",
        f"The budget refused more than {_percent(thresholds.budget_empty)} of the retries that calls through "
        f"{guarded.pipeline} wanted.",
    )
    bad = tuple(Decided(kind, "budget_empty") for kind in guarded.kinds)
    rest = Decided(guarded.kinds[0], "hedged" if guarded.kinds[0] == "hedge" else "retried")
    return Watched(made, guarded.pipeline, bad, rest, share=thresholds.budget_empty, least=FIRST_REFUSED_RETRIES)
