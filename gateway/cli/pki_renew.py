"""``juki-gateway pki renew`` and ``pki rehearse``: a system's own keys exchanged while it runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from gateway.cli.exits import CheckFailed, Unreachable
from gateway.cli.options import AsJson, SystemFolder, open_state
from gateway.cli.output import Output
from gateway.cli.rehearsal import rehearse
from gateway.cli.renewal import Renewal, Renewed, development_pki
from gateway.errors import UsageError
from gateway.trust.renewal import USES


def renew(
    folder: SystemFolder,
    use: Annotated[
        Literal["signing", "tls"] | None,
        typer.Option("--use", help="Only the key that signs messages, or only that of TLS connections."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help="Use it from then on (2026-12-01T00:00:00Z); else at once.",
        ),
    ] = None,
    key_kind: Annotated[
        str | None, typer.Option("--key-kind", help="RSA-2048, RSA-3072, RSA-4096, P-256 or P-384.")
    ] = None,
    pki: Annotated[
        Path | None,
        typer.Option("--pki", metavar="DIR", help="Development PKI that issues; else that of the network."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="FILE", help="What an authority issued on a request of ours."),
    ] = None,
    *,
    request: Annotated[
        bool, typer.Option("--request", help="Only make a key and a request for an authority elsewhere.")
    ] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Take the newest one back: the one before counts again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a new key and certificate beside those in use, which take over at an instant.

    A running system takes them up without a restart. Counterparts believe both, the holder being the same;
    'pki rehearse' asks them before.
    """
    if sum((request, cancel, certificate is not None, pki is not None)) > 1:
        raise UsageError("--request, --cancel, --certificate and --pki are four ways: give one")
    if certificate is not None and use is None:
        raise UsageError("--certificate: say whose with --use")
    state, settings = open_state(folder)
    output = Output(as_json)
    begin = _instant(since)
    told: dict[str, Any] = {}
    for one in USES if use is None else (use,):
        renewal = Renewal(state, settings, one)
        if cancel:
            pair = renewal.cancel()
            told[one] = {"key": str(pair.key), "certificate": str(pair.certificate)}
            output.line(f"{one}: {pair.certificate.name} counts again")
        elif request:
            key, file = renewal.request(key_kind or "")
            told[one] = {"key": str(key), "request": str(file)}
            output.line(f"{one}: {file}")
        else:
            done = (
                renewal.issued(certificate, begin)
                if certificate is not None
                else renewal.by_development_pki(development_pki(state, pki), begin, kind=key_kind or "")
            )
            told[one] = _told(done)
            for line in _lines(done):
                output.line(line)
    output.document(told)


def rehearse_command(folder: SystemFolder, as_json: AsJson = False) -> None:
    """Ask every counterpart whether it would take the newest key and certificate, in use or not.

    A TLS connection with the new certificate, and on it a question without content, signed with the new key:
    whoever believes it answers with a signed fault that the content is missing, and has done nothing. Exit
    status 1 when one would refuse, 3 when one cannot be reached.
    """
    state, settings = open_state(folder)
    output = Output(as_json)
    results = rehearse(state, settings)
    output.document({"counterparts": [one.document() for one in results]})
    output.table(
        ("counterpart", "role", "takes it", "detail"),
        [(one.id, one.role, one.shown, one.detail) for one in results],
    )
    refusing = [one.id for one in results if one.takes_it is False]
    if refusing:
        raise CheckFailed(f"would refuse: {', '.join(refusing)}")
    missed = [one.id for one in results if one.asked and one.takes_it is None]
    if missed:
        raise Unreachable(f"could not be asked: {', '.join(missed)}")


def _told(done: Renewed) -> dict[str, Any]:
    return {
        "key": str(done.pair.key),
        "certificate": str(done.pair.certificate),
        "from": _shown(done.pair.since),
        "not_after": _shown(done.ends),
        "unused": [str(file) for file in done.unused],
    }


def _lines(done: Renewed) -> list[str]:
    lines = [f"{done.use}: {done.pair.certificate} from {_shown(done.pair.since)}, ends {_shown(done.ends)}"]
    return [*lines, *(f"no longer used: {file}" for file in done.unused)]


def _shown(instant: datetime | None) -> str | None:
    return None if instant is None else f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"--from {text!r} is no instant like 2026-12-01T00:00:00Z") from None
