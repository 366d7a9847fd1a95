"""What the use cases need of the world, as protocols; app.py assigns the adapters."""

from __future__ import annotations

from typing import Protocol

from gateway.domain.verification import IdentityQuestion, NationalAnswer


class NationalRegister(Protocol):
    """The national server (全国サーバ)."""

    def verify_identity(self, question: IdentityQuestion) -> NationalAnswer:
        """Whether the person is on record, and about whom that is said. Raises CounterpartError."""
        ...
