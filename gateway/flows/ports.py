"""What the use cases need of the world, as protocols; app.py assigns the adapters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.identity_record import IdentityRecord
from gateway.domain.search import RegisterAnswer, SearchQuestion, SearchTerms
from gateway.domain.verification import IdentityQuestion, NationalAnswer


class OtherRegister(Protocol):
    """A counterpart that searches its own register: the prefectural or the national server."""

    def search_person(self, question: SearchQuestion) -> RegisterAnswer:
        """What is found there, and for which terms that is said. Raises CounterpartError."""
        ...


class NationalRegister(OtherRegister, Protocol):
    """The national server (全国サーバ)."""

    def verify_identity(self, question: IdentityQuestion) -> NationalAnswer:
        """Whether the person is on record, and about whom that is said. Raises CounterpartError."""
        ...


class LocalRegister(Protocol):
    """The register at hand."""

    def search(
        self, terms: SearchTerms, *, limit: int, within: str | None = None
    ) -> Sequence[IdentityRecord] | None:
        """Everybody who fits, None when they are more than ``limit``.

        ``within`` is a municipality (six digits) or a prefecture (two); None is everywhere.
        """
        ...
