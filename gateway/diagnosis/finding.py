"""What a diagnosis finds."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.diagnosis.causes import CAUSES, Cause


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause and where it was found.

    ``proved`` when undoing it gives the sender's digest or a signature that holds; otherwise it is what
    remains. ``where`` is an element's local name, ``told`` what the cause leaves open (an algorithm, a key's
    owner, seconds); neither quotes the message.
    """

    cause: Cause
    where: str
    proved: bool = True
    told: str = ""

    @classmethod
    def of(cls, code: str, where: str, *, proved: bool = True, told: str = "") -> Finding:
        """The finding of a cause by its code."""
        return cls(CAUSES[code], where, proved, told)
