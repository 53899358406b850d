"""Providers: the upstreams, their catalogue of models, and the one path to a completion."""

from server.providers.base import ChatChunk, ChatRequest, ChatResult, Message, Provider, UpstreamError, Usage
from server.providers.build import ProviderParts, build_providers
from server.providers.catalogue import Model, ModelCatalogue, load_catalogue
from server.providers.completion import Completion
from server.providers.completion_result import CompletionFailed, CompletionResult
from server.providers.guard import UpstreamGuard, UpstreamPolicy
from server.providers.http_provider import Endpoint, HttpProvider
from server.providers.registry import CompletionRequest, ProviderRegistry, RequestRefused

__all__ = [
    "ChatChunk",
    "ChatRequest",
    "ChatResult",
    "Completion",
    "CompletionFailed",
    "CompletionRequest",
    "CompletionResult",
    "Endpoint",
    "HttpProvider",
    "Message",
    "Model",
    "ModelCatalogue",
    "Provider",
    "ProviderParts",
    "ProviderRegistry",
    "RequestRefused",
    "UpstreamError",
    "UpstreamGuard",
    "UpstreamPolicy",
    "Usage",
    "build_providers",
    "load_catalogue",
]
