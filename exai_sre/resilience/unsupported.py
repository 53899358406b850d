"""Steps that stand where a strategy has no form: each says so when it is called."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from typing import Any, NoReturn

from exai_sre.resilience.errors import UnsupportedForm
from exai_sre.resilience.forms import Arguments, Keywords, form_of

__all__ = ["Unsupported"]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The forms that a strategy does not have.

    Attributes:
        forms: their names, as :func:`~exai_sre.resilience.forms.form_of` gives them.
        why: what a function of such a form is, and why it cannot be guarded; said after its name.
        remedy: what to do instead.
    """

    forms: frozenset[str]
    why: str
    remedy: str

    def check(self, fn: Callable[..., Any]) -> None:
        """See whether ``fn`` can be guarded.

        Raises:
            UnsupportedForm: it cannot.
        """
        if form_of(fn) in self.forms:
            self.refuse(fn)

    def refuse(self, fn: Callable[..., Any]) -> NoReturn:
        """Say that ``fn`` cannot be guarded.

        Raises:
            UnsupportedForm: always.
        """
        raise UnsupportedForm(f"{getattr(fn, '__qualname__', fn)!s} {self.why}", remedy=self.remedy)

    def sync(self, fn: Callable[..., Any], _args: Arguments, _kwargs: Keywords) -> Any:
        """Refuse a plain function."""
        self.refuse(fn)

    def items(self, fn: Callable[..., Any], _args: Arguments, _kwargs: Keywords) -> Generator[Any, Any, Any]:
        """Refuse a generator function."""
        yield self.refuse(fn)

    async def stream(self, fn: Callable[..., Any], _args: Arguments, _kwargs: Keywords) -> AsyncGenerator[Any, None]:
        """Refuse an asynchronous generator function."""
        yield self.refuse(fn)
