"""What a unit of work carries through every hop: ids, trace position, deadline, outcome."""

from exai_sre.context.attempt import attempts_left, idempotency_key, idempotent_as, resend_count
from exai_sre.context.baggage import Baggage, current_baggage
from exai_sre.context.carriers import Inbound, extract, extract_meta, inject, inject_meta
from exai_sre.context.correlation import correlation_id
from exai_sre.context.deadline import current_deadline, deadline_at, remaining
from exai_sre.context.ids import accept_correlation_id, new_correlation_id
from exai_sre.context.operation import Operation, current_operation, report_outcome, waiting_for_upstream
from exai_sre.context.priority import DEFAULT_PRIORITY, LEAST_PRIORITY, current_priority
from exai_sre.context.rejection import Rejection
from exai_sre.context.threads import in_context
from exai_sre.context.trace import TraceContext, current_trace
from exai_sre.context.unit import unit_of_work

__all__ = [
    "Baggage",
    "DEFAULT_PRIORITY",
    "Inbound",
    "LEAST_PRIORITY",
    "Operation",
    "Rejection",
    "TraceContext",
    "accept_correlation_id",
    "attempts_left",
    "correlation_id",
    "current_baggage",
    "current_deadline",
    "current_operation",
    "current_priority",
    "current_trace",
    "deadline_at",
    "extract",
    "extract_meta",
    "idempotency_key",
    "idempotent_as",
    "in_context",
    "inject",
    "inject_meta",
    "new_correlation_id",
    "remaining",
    "report_outcome",
    "resend_count",
    "unit_of_work",
    "waiting_for_upstream",
]
