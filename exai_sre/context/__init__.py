"""What a unit of work carries through every hop: ids, trace position, deadline, outcome."""

from exai_sre.context.correlation import correlation_id
from exai_sre.context.deadline import current_deadline, deadline_at, remaining
from exai_sre.context.operation import Operation, current_operation, report_outcome, waiting_for_upstream
from exai_sre.context.trace import TraceContext, current_trace

__all__ = [
    "Operation",
    "TraceContext",
    "correlation_id",
    "current_deadline",
    "current_operation",
    "current_trace",
    "deadline_at",
    "remaining",
    "report_outcome",
    "waiting_for_upstream",
]
