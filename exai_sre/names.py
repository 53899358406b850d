"""The versioned table of metric, attribute and label names.

Names follow the OpenTelemetry semantic conventions (MCP, GenAI, HTTP, DB) in Prometheus
form: dots become underscores, the unit and ``_total`` are suffixes. GenAI and MCP
conventions are still in development upstream, so no constant is imported from a package
that may rename it: this file is the one place to edit, and ``SCHEMA_VERSION`` says which
state of the conventions it holds. What no convention covers starts with ``exai_``.
"""

from __future__ import annotations

from typing import Final

__all__ = ["REDACTION_FAILED", "SCHEMA_VERSION", "Attribute", "CarrierKey", "Event", "LabelName", "LogField", "Metric"]

SCHEMA_VERSION: Final = "1.44-genai.2026-08"
"""Semantic conventions 1.44 (HTTP, DB) and the GenAI/MCP conventions as of August 2026."""

REDACTION_FAILED: Final = "[REDACTED:failed]"
"""Stands for a value on which a redaction failed."""


class Metric:
    """Names of metric families as Prometheus sees them."""

    MCP_OPERATION_DURATION: Final = "mcp_server_operation_duration_seconds"
    MCP_SESSION_DURATION: Final = "mcp_server_session_duration_seconds"
    MCP_ADDED_LATENCY: Final = "exai_mcp_added_latency_seconds"
    MCP_IN_FLIGHT: Final = "exai_mcp_in_flight_requests"
    MCP_CANCELLATIONS: Final = "exai_mcp_cancellations_total"
    MCP_AGENT_LOOPS: Final = "exai_mcp_agent_loops_total"
    MCP_AGENT_LOOP_CALLS: Final = "exai_mcp_agent_loop_calls_total"

    GEN_AI_OPERATION_DURATION: Final = "gen_ai_client_operation_duration_seconds"
    GEN_AI_FIRST_CHUNK: Final = "gen_ai_client_operation_time_to_first_chunk_seconds"
    GEN_AI_INPUT_TOKENS: Final = "gen_ai_client_inference_usage_input_tokens_total"
    GEN_AI_OUTPUT_TOKENS: Final = "gen_ai_client_inference_usage_output_tokens_total"
    UPSTREAM_ATTEMPT_DURATION: Final = "exai_upstream_attempt_duration_seconds"
    UPSTREAM_FALLBACKS: Final = "exai_upstream_fallbacks_total"

    HTTP_SERVER_DURATION: Final = "http_server_request_duration_seconds"
    WEBSOCKET_CONNECTIONS: Final = "exai_websocket_connections_total"
    WEBSOCKET_OPEN: Final = "exai_websocket_open_connections"

    DB_OPERATION_DURATION: Final = "db_client_operation_duration_seconds"

    RESILIENCE_DECISIONS: Final = "exai_resilience_decisions_total"
    RESILIENCE_DURATION: Final = "exai_resilience_call_duration_seconds"
    BREAKER_STATE: Final = "exai_breaker_state"
    BREAKER_CALLS: Final = "exai_breaker_window_calls"
    BREAKER_FAILURE_RATE: Final = "exai_breaker_failure_rate_ratio"
    BREAKER_SLOW_RATE: Final = "exai_breaker_slow_rate_ratio"
    BULKHEAD_RUNNING: Final = "exai_bulkhead_running_calls"
    BULKHEAD_WAITING: Final = "exai_bulkhead_waiting_calls"
    ADAPTIVE_LIMIT: Final = "exai_adaptive_limit_calls"
    RETRY_BUDGET: Final = "exai_retry_budget_retries"

    LOG_EVENTS: Final = "exai_log_events_total"
    LOG_DROPPED: Final = "exai_log_dropped_total"
    REDACTIONS: Final = "exai_redactions_total"
    REDACTION_ERRORS: Final = "exai_redaction_errors_total"
    REJECTED_IDS: Final = "exai_rejected_ids_total"
    SPANS: Final = "exai_spans_total"
    METRIC_PUSHES: Final = "exai_metric_pushes_total"

    ACTIVE_USERS: Final = "exai_active_users"
    FEATURE_USES: Final = "exai_feature_uses_total"
    REQUEST_COST: Final = "exai_request_cost_usd"
    REQUEST_TOKENS: Final = "exai_request_tokens"

    SLO_BUDGET_REMAINING: Final = "exai_slo_error_budget_remaining_ratio"
    SLO_BURN_RATE: Final = "exai_slo_burn_rate_ratio"
    TRACKER_COVERAGE: Final = "exai_slo_tracker_coverage_ratio"
    TRACKER_TICK_DURATION: Final = "exai_slo_tracker_tick_duration_seconds"

    PROCESS_CPU: Final = "process_cpu_seconds_total"
    PROCESS_MEMORY: Final = "process_resident_memory_bytes"
    PROCESS_START_TIME: Final = "process_start_time_seconds"
    PROCESS_OPEN_FDS: Final = "process_open_fds"
    EVENT_LOOP_LAG: Final = "exai_event_loop_lag_seconds"
    BUILD_INFO: Final = "exai_build_info"


class LabelName:
    """Names of metric labels."""

    OUTCOME: Final = "outcome"
    MCP_METHOD: Final = "mcp_method_name"
    TOOL: Final = "gen_ai_tool_name"
    TRANSPORT: Final = "network_transport"
    PROVIDER: Final = "gen_ai_provider_name"
    MODEL: Final = "gen_ai_request_model"
    ROUTE: Final = "http_route"
    HTTP_METHOD: Final = "http_request_method"
    STATUS_CODE: Final = "http_response_status_code"
    ENDPOINT: Final = "endpoint"
    DB_SYSTEM: Final = "db_system_name"
    DB_OPERATION: Final = "db_operation_name"
    PIPELINE: Final = "pipeline"
    STRATEGY: Final = "strategy"
    DECISION: Final = "decision"
    BREAKER: Final = "breaker"
    LEVEL: Final = "level"
    REASON: Final = "reason"
    RULE: Final = "rule"
    SLO: Final = "slo"
    WINDOW: Final = "window"
    VERSION: Final = "version"
    FROM: Final = "from_provider"
    TO: Final = "to_provider"
    FEATURE: Final = "feature"
    TOKEN_TYPE: Final = "gen_ai_token_type"  # noqa: S105  # nosec B105 - tokens of text
    OTEL_SCOPE: Final = "otel_scope_name"


class Attribute:
    """Names of span attributes and structured log fields."""

    MCP_METHOD: Final = "mcp.method.name"
    MCP_PROTOCOL_VERSION: Final = "mcp.protocol.version"
    MCP_SESSION_ID: Final = "mcp.session.id"
    REQUEST_ID: Final = "jsonrpc.request.id"
    TOOL: Final = "gen_ai.tool.name"
    GEN_AI_OPERATION: Final = "gen_ai.operation.name"
    PROVIDER: Final = "gen_ai.provider.name"
    MODEL: Final = "gen_ai.request.model"
    RESPONSE_MODEL: Final = "gen_ai.response.model"
    INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
    OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
    ERROR_TYPE: Final = "error.type"
    RPC_STATUS_CODE: Final = "rpc.response.status_code"
    TRANSPORT: Final = "network.transport"
    HTTP_METHOD: Final = "http.request.method"
    HTTP_METHOD_BEFORE_1_20: Final = "http.method"
    HTTP_STATUS: Final = "http.response.status_code"
    HTTP_ROUTE: Final = "http.route"
    RESEND_COUNT: Final = "http.request.resend_count"
    SERVER_ADDRESS: Final = "server.address"
    URL_FULL: Final = "url.full"
    URL_QUERY: Final = "url.query"
    HTTP_TARGET_BEFORE_1_20: Final = "http.target"
    OUTCOME: Final = "exai.outcome"
    REPEATS: Final = "exai.repeats"
    CORRELATION_ID: Final = "exai.correlation_id"
    EXCEPTION_TYPE: Final = "exception.type"
    EXCEPTION_MESSAGE: Final = "exception.message"
    EXCEPTION_STACKTRACE: Final = "exception.stacktrace"
    CODE_STACKTRACE: Final = "code.stacktrace"
    LATE: Final = "exai.late"
    SERVICE_NAME: Final = "service.name"
    SERVICE_VERSION: Final = "service.version"


class CarrierKey:
    """Names under which ids travel: HTTP header fields, and keys of an MCP ``_meta`` mapping."""

    TRACEPARENT: Final = "traceparent"
    TRACESTATE: Final = "tracestate"
    BAGGAGE: Final = "baggage"
    REQUEST_ID: Final = "x-request-id"
    CORRELATION_ID: Final = "x-correlation-id"
    META_CORRELATION_ID: Final = "exai-sre/correlation-id"
    TIMEOUT: Final = "exai-sre-timeout-ms"
    ATTEMPTS: Final = "exai-sre-attempts-left"
    META_TIMEOUT: Final = "exai-sre/timeout-ms"
    META_ATTEMPTS: Final = "exai-sre/attempts-left"
    CONNECTION_ID: Final = "exai-sre-connection-id"


class LogField:
    """Names of the fields of the library's own log lines, where no span attribute fits."""

    TIME: Final = "ts"
    LEVEL: Final = "level"
    EVENT: Final = "event"
    SERVICE: Final = "service"
    LOGGER: Final = "logger"
    CORRELATION_ID: Final = "correlation_id"
    TRACE_ID: Final = "trace_id"
    SPAN_ID: Final = "span_id"
    TRACE_FLAGS: Final = "trace_flags"
    EXCEPTION: Final = "exception"
    EXCEPTION_TYPE: Final = "exception_type"
    EXCEPTION_MESSAGE: Final = "exception_message"
    STACK: Final = "stack"
    METHOD: Final = "method"
    TOOL: Final = "tool"
    OUTCOME: Final = "outcome"
    DURATION_MS: Final = "duration_ms"
    WAITED_MS: Final = "waited_ms"
    ERROR: Final = "error"
    ERROR_TYPE: Final = "error_type"
    REQUEST_ID: Final = "request_id"
    CONNECTION_ID: Final = "connection_id"
    BAGGAGE: Final = "baggage"
    PROGRESS_TOKEN: Final = "progress_token"  # noqa: S105  # nosec B105
    TRANSPORT: Final = "transport"
    ARGUMENTS: Final = "arguments"
    REPEATS: Final = "repeats"
    ROUTE: Final = "route"
    STATUS: Final = "status"
    SAMPLE_RATIO: Final = "sample_ratio"
    LINES: Final = "lines"
    EXCEPTION_OBJECT: Final = "exc_info"
    """The exception itself, as structlog and logging take it; renderers turn it into ``exception``."""


class Event:
    """Names of log events."""

    MCP_OPERATION: Final = "mcp_operation"
    MCP_CANCELLED: Final = "mcp_cancelled"
    MCP_AGENT_LOOP: Final = "mcp_agent_loop"
    HTTP_REQUEST: Final = "http_request"
    UPSTREAM_ATTEMPT: Final = "upstream_attempt"
    UPSTREAM_FALLBACK: Final = "upstream_fallback"
    BREAKER_TRANSITION: Final = "breaker_transition"
    SERVER_STARTED: Final = "server_started"
    SERVER_DRAINING: Final = "server_draining"
    SERVER_STOPPED: Final = "server_stopped"
    TRACKER_RESTORED: Final = "slo_tracker_restored"
    TRACKER_SAVE_FAILED: Final = "slo_tracker_save_failed"
    TRACKER_SET_ASIDE: Final = "slo_tracker_set_aside"
    UNHANDLED_ERROR: Final = "unhandled_error"
    LOG_LINES_DROPPED: Final = "log_lines_dropped"
    SETTING_IGNORED: Final = "setting_ignored"
    SHARED_STATE_LOST: Final = "shared_state_lost"
    SHARED_CELLS_LOST: Final = "shared_cells_lost"
    FOLDING_FAILED: Final = "metrics_folding_failed"
