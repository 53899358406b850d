"""What a unit of work carries through every hop: ids, trace position, deadline, outcome."""

from exai_sre.context.attempt import attempts_left, idempotency_key, idempotent_as, resend_count
from exai_sre.context.baggage import Baggage, current_baggage
from exai_sre.context.carriers import Inbound, extract, extract_fields, extract_meta, inject, inject_meta
from exai_sre.context.connection import connection_id
from exai_sre.context.correlation import correlation_id
from exai_sre.context.deadline import current_deadline, deadline_at, remaining
from exai_sre.context.handover import handed_over, handover, in_process
from exai_sre.context.hop_limits import HopLimits, extract_limits, inject_limits, limits_of_hop
from exai_sre.context.ids import IdRule, accept_correlation_id, correlation_id_of, new_correlation_id, trace_id_of
from exai_sre.context.operation import Operation, current_operation, report_outcome, waiting_for_upstream
from exai_sre.context.priority import DEFAULT_PRIORITY, LEAST_PRIORITY, current_priority
from exai_sre.context.rejection import Rejection
from exai_sre.context.threads import in_context
from exai_sre.context.trace import TraceContext, current_trace
from exai_sre.context.unit import unit_of_work

__all__ = [
    "Baggage",
    "DEFAULT_PRIORITY",
    "HopLimits",
    "IdRule",
    "Inbound",
    "LEAST_PRIORITY",
    "Operation",
    "Rejection",
    "TraceContext",
    "accept_correlation_id",
    "attempts_left",
    "connection_id",
    "correlation_id",
    "correlation_id_of",
    "current_baggage",
    "current_deadline",
    "current_operation",
    "current_priority",
    "current_trace",
    "deadline_at",
    "extract",
    "extract_fields",
    "extract_limits",
    "extract_meta",
    "handed_over",
    "handover",
    "idempotency_key",
    "idempotent_as",
    "in_context",
    "in_process",
    "inject",
    "inject_limits",
    "inject_meta",
    "limits_of_hop",
    "new_correlation_id",
    "remaining",
    "report_outcome",
    "resend_count",
    "trace_id_of",
    "unit_of_work",
    "waiting_for_upstream",
]
