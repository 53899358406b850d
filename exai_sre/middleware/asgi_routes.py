"""The template of the route that served an ASGI request: of bounded variety, unlike its path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from exai_sre.metrics import OTHER

__all__ = ["route_template", "route_templates"]

_REST: Final = "path"
"""Parameter of a mount that stands for everything below it."""


def route_template(scope: Mapping[str, Any]) -> str:
    """The template as Starlette and FastAPI matched it, mounts and included routers in front; else ``_OTHER``.

    They leave the matched route in ``scope["route"]``, which knows its own part of the path
    alone. What stands before it is read from the path that was asked for, with the values of
    its parameters replaced by their names.

    Args:
        scope: ASGI scope after the application has seen it.
    """
    template = getattr(scope.get("route"), "path_format", None)
    if not isinstance(template, str):
        return OTHER
    path = _path_asked_for(scope)
    parameters: Mapping[str, Any] = scope.get("path_params") or {}
    if "{" not in template and template == path:
        return template
    if f"{{{_REST}}}" in template and _REST not in parameters:
        # A mount that was matched as a whole, such as one of static files.
        return template
    if template.count("/") == path.count("/"):
        return template
    return _whole(template, path, parameters)


def _path_asked_for(scope: Mapping[str, Any]) -> str:
    """The path without what the server says that it is served below (uvicorn's ``--root-path``): no route has that."""
    path: str = scope["path"]
    # A mount adds its own path to root_path, and keeps what stood there.
    root = scope.get("app_root_path", scope.get("root_path", ""))
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def _whole(template: str, path: str, parameters: Mapping[str, Any]) -> str:
    own = {name for name in parameters if f"{{{name}}}" in template}
    # A parameter may itself hold slashes; each of them is a segment that the template does not have.
    extra = sum(str(parameters[name]).count("/") for name in own)
    segments = template.count("/") + extra
    before = path.split("/")[: -segments or None]
    others = {name: value for name, value in parameters.items() if name not in own}
    prefix = "/".join(_named(segment, others) for segment in before)
    return f"{prefix}{template}"


def _named(segment: str, parameters: Mapping[str, Any]) -> str:
    """The name of the parameter that a segment of the path is the value of; else the segment."""
    for name, value in parameters.items():
        # A converter has read the text: 007 stands for 7, and a UUID may come in capitals.
        with suppress(Exception):
            if segment == str(value) or (segment and type(value)(segment) == value):
                return f"{{{name}}}"
    return segment


def _mounted_at(route: Any) -> str:
    """The template of the path that a route's own routes are mounted below, without the types of its parameters."""
    template = getattr(route, "path_format", getattr(route, "path", ""))
    return str(template).removesuffix(f"/{{{_REST}}}")


def route_templates(routes: Iterable[Any], prefix: str = "") -> Iterator[str]:
    """The templates of an application's routes, those of mounts and of included routers among them.

    What :func:`route_template` finds of a request to one of them is in here, so that the label of
    a metric can be declared with them.

    Args:
        routes: ``app.routes`` of a Starlette or FastAPI application.
        prefix: template of what they are mounted below.
    """
    for route in routes:
        # FastAPI keeps an included router as one route, which knows the whole templates of those within.
        included = getattr(route, "effective_route_contexts", None)
        for each in included() if included is not None else (route,):
            template = getattr(each, "path_format", None)
            if isinstance(template, str):
                yield f"{prefix}{template}"
        below = getattr(route, "routes", None)
        if below and included is None:
            yield from route_templates(below, f"{prefix}{_mounted_at(route)}")
