"""What errors of HTTP, gRPC, MCP and the LLM vendors mean, as data."""

from exai_sre.resilience.classifiers.classifier import CLASSIFIERS, Classifier, classifier
from exai_sre.resilience.classifiers.classify_strategy import Classify
from exai_sre.resilience.classifiers.grpc_status import GRPC_STATUSES
from exai_sre.resilience.classifiers.http_clients import AIOHTTP_ERRORS, HTTPX_ERRORS
from exai_sre.resilience.classifiers.http_status import HTTP_STATUSES
from exai_sre.resilience.classifiers.llm_vendors import GLM, KIMI, OPENAI, VENDOR_STATUSES, Vendor, vendor_verdict
from exai_sre.resilience.classifiers.mcp_errors import JSON_RPC_CODES, tool_failed, tool_verdict
from exai_sre.resilience.classifiers.retry_after import parse_retry_after
from exai_sre.resilience.classifiers.verdict import Verdict

__all__ = [
    "AIOHTTP_ERRORS",
    "CLASSIFIERS",
    "GLM",
    "GRPC_STATUSES",
    "HTTPX_ERRORS",
    "HTTP_STATUSES",
    "JSON_RPC_CODES",
    "KIMI",
    "OPENAI",
    "VENDOR_STATUSES",
    "Classifier",
    "Classify",
    "Vendor",
    "Verdict",
    "classifier",
    "parse_retry_after",
    "tool_failed",
    "tool_verdict",
    "vendor_verdict",
]
