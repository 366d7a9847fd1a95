"""A counterpart to deliver to: a real server with its own duplicate guard, which writes down what it took.

    python delivery_receiver.py STATE

It serves the state folder's system with the service ``national``; each message that reaches its use case is
one line in data/taken.jsonl, in the order in which it came. Callers whose terminal stands in
run/refused.json are refused for good, with the code given there.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.domain.codes import VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, NationalAnswer
from gateway.errors import OperationFault
from gateway.running import Parts, System, serve_system
from gateway.settings import load_settings
from gateway.simulators.behaviour import Behaviour, Misbehaving
from gateway.state import StateFolder
from gateway.transport.http import Application


class Receiver(System):
    """Takes every question as if it were a change of its register."""

    def __init__(self, state: StateFolder) -> None:
        self._taken = state.data / "taken.jsonl"
        self._refused = state.run / "refused.json"
        self._behaviour = Behaviour(state.run / "behaviour.json")

    def handlers(self, parts: Parts) -> dict[str, dict[str, Callable[[Any], Any]]]:
        """One use case."""

        def take(question: IdentityQuestion) -> NationalAnswer:
            number = question.caller.terminal
            refused = json.loads(self._refused.read_text()) if self._refused.exists() else {}
            if number in refused:
                raise OperationFault(refused[number], "no", "否")
            assert isinstance(question.key, ResidentRecordCode)
            line = json.dumps({"key": question.key.digits, "number": int(number[1:])}) + "\n"
            handle = os.open(self._taken, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(handle, line.encode())
            finally:
                os.close(handle)
            return NationalAnswer(
                IdentityAnswer(VerificationResult.MATCH, parts.clock.now(), f"R-{number}"), question.key
            )

        return {"national": {"VerifyIdentity": take}}

    def wrap(self, application: Application, parts: Parts) -> Application:
        """The misbehaviour that a test asks for."""
        return Misbehaving(application, self._behaviour, parts.signer, parts.clock)


def main() -> None:
    os.umask(0o077)
    state = StateFolder.open(Path(sys.argv[1]))
    serve_system(state, load_settings(state.settings_file), Receiver(state))


if __name__ == "__main__":
    main()
