"""The real endpoint in this process as a target, and with any one rule of refusal switched off.

A rule is off when every ``raise Refused`` of it is: the functions that hold them get code compiled from
their changed source, as tests.mutants does for whole processes.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from gateway.clock import FixedClock
from gateway.conformance import Asked, Received, Sender, Target, WeakSigner
from gateway.contract import write_request
from gateway.trust import FileSigner
from gateway.wss.verify import Verifier
from tests.kit.door import BASE, Door, signer_of, tls_of
from tests.kit.identities import NOW, Identity
from tests.kit.questions import BY_CODE, TERMINAL, VERIFY
from tests.mutants.sites import Site, find, switched_off
from tests.unit.conformance.bad_senders import NAME, bad_signing

ROOT = Path(__file__).parents[3]


def target_of(door: Door) -> Target:
    """The door's terminal service, asked by a registered terminal."""
    gateway = signer_of("the gateway").certificate.subject.rfc4514_string()
    good, with_them = tls_of(NAME), {"unknown_system": "nobody", "wrong_role": "records-1"}
    return Target(
        service=TERMINAL,
        url=BASE + TERMINAL.path,
        question=Asked(VERIFY, etree.fromstring(etree.tostring(write_request(TERMINAL, VERIFY, BY_CODE)))),
        sender=_sender(door, signer_of(NAME), good),
        verifier=Verifier(door.trust),
        is_target=lambda certificate: certificate.subject == gateway,
        clock=FixedClock(NOW),
        bad={
            name: _sender(door, signing, tls_of(with_them[name]) if name in with_them else good)
            for name, signing in bad_signing().items()
        },
    )


def _sender(door: Door, signing: Identity, tls: Identity) -> Sender:
    def post(raw: bytes, headers: Mapping[str, str], _deadline: float) -> Received:
        answer = door.post(raw, tls, headers={name.lower(): value for name, value in headers.items()})
        return Received(answer.status, answer.content_type, answer.body)

    small = isinstance(signing.key, RSAPrivateKey) and signing.key.key_size < 2048
    signer = (WeakSigner if small else FileSigner)(signing.key, signing.certificate)  # type: ignore[arg-type]
    return Sender(signer, post)


def switch_off(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the end of the test nothing is refused by this rule. Raises LookupError when nothing is."""
    sites = [site for site in _sites() if site.kind == "raise" and site.name == rule]
    if not sites:
        raise LookupError(rule)
    _forget()
    for path, module in {(site.path, site.module) for site in sites}:
        here = tuple(site for site in sites if site.path == path)
        code = compile(switched_off((ROOT / path).read_text("utf-8"), here), path, "exec")
        changed = {(one.co_qualname, one.co_firstlineno): one for one in _codes(code)}
        for function in _functions(importlib.import_module(module)):
            was = function.__code__
            if any(was.co_firstlineno <= site.line <= _last(was) for site in here):
                now = changed[was.co_qualname, was.co_firstlineno]
                monkeypatch.setattr(function, "__code__", now)


def _forget() -> None:
    """Empty the gateway's caches: what a weak server let pass, the next one must judge anew."""
    for name, module in list(sys.modules.items()):
        if name.startswith("gateway."):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


@lru_cache(maxsize=1)
def _sites() -> list[Site]:
    return find(ROOT)[0]


def _last(code: CodeType) -> int:
    return max(line for *_, line in code.co_lines() if line is not None)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """The module's own functions and methods, those behind a cache too."""
    found = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
    for value in found:
        for one in vars(value).values() if inspect.isclass(value) else (value,):
            one = inspect.unwrap(one) if callable(one) else one  # noqa: PLW2901 - the same one, laid bare
            if isinstance(one, FunctionType):
                yield one
