"""``juki-gateway pki``: make and run a development PKI by hand (``network`` does the same by itself)."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.options import STATE_VARIABLE, AsJson, new_app
from gateway.cli.output import Output
from gateway.cli.pki_renew import rehearse_command, renew
from gateway.clock import SystemClock
from gateway.errors import StateError, UsageError
from gateway.pki import Authority, Credential, Issued, System, write_negative

app = new_app("Development PKI: authorities, certificates, revocation lists, bad credentials.")

State = Annotated[
    Path,
    typer.Option(
        "--state",
        envvar=STATE_VARIABLE,
        metavar="DIR",
        help="Folder of the PKI, or of a network that has one in pki/.",
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at", help="Act as of this instant (2026-12-01T00:00:00Z); else now, by the network's clock."
    ),
]
KeyKind = Annotated[str, typer.Option("--key-kind", help="RSA-2048, RSA-3072, RSA-4096, P-256 or P-384.")]
Municipality = Annotated[str | None, typer.Option("--municipality", help="市町村コード, six digits.")]


@app.command(epilog="Example: juki-gateway pki create build/pki")
def create(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New folder for the PKI.")],
    *,
    key_kind: KeyKind = "P-256",
    at: At = None,
    json_: AsJson = False,
) -> None:
    """Make a root and an issuing authority with their first revocation lists."""
    authority = Authority.create(folder, at=_instant(at, folder), key_kind=key_kind)
    out = Output(json_)
    out.document(
        {
            "root": str(authority.root_pem),
            "issuing": str(authority.issuing_pem),
            "crls": [str(authority.root_crl_pem), str(authority.issuing_crl_pem)],
        }
    )
    out.line(f"root     {authority.root_pem}")
    out.line(f"issuing  {authority.issuing_pem}")


@app.command(
    epilog="Example: juki-gateway pki issue signing --state build/demo --role integrated_terminal "
    "--system 131016-terminal-9 --municipality 131016"
)
def issue(
    profile: Annotated[str, typer.Argument(help="signing or tls.")],
    *,
    state: State,
    role: Annotated[str, typer.Option("--role", help="Role of the system.")],
    system: Annotated[str, typer.Option("--system", help="Id of the system.")],
    municipality: Municipality = None,
    key_kind: KeyKind = "RSA-2048",
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Further alternative name: dns:HOST or ip:ADDRESS.")
    ] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder for key and certificate.")] = None,
    at: At = None,
    json_: AsJson = False,
) -> None:
    """Make a key and issue a certificate to a system."""
    credential = _open(state).issue(
        profile,
        role=role,
        system=system,
        municipality=municipality,
        at=_instant(at, state),
        valid_from=datetime.now(UTC) if at is None and _offset(state) else None,
        key_kind=key_kind,
        names=tuple(name or ()),
        key_file=folder and folder / f"{profile}.key.pem",
        certificate_file=folder and folder / f"{profile}.pem",
    )
    out = Output(json_)
    out.document({"key": str(credential.key), "certificate": str(credential.certificate)})
    out.line(f"key          {credential.key}")
    out.line(f"certificate  {credential.certificate}")


@app.command("list", epilog="Example: juki-gateway pki list --state build/demo --expiring 30")
def list_(
    *,
    state: State,
    expiring: Annotated[
        int | None,
        typer.Option(
            "--expiring", help="Only good ones that end within so many days; status 1 if any.", min=0
        ),
    ] = None,
    at: At = None,
    json_: AsJson = False,
) -> None:
    """List every certificate that was issued, with days left."""
    rows = _open(state).listing(at=_instant(at, state))
    if expiring is not None:
        rows = [row for row in rows if row.state == "good" and row.days_left < expiring]
    out = Output(json_)
    out.document({"certificates": [_row(row) for row in rows]})
    out.table(
        ("serial", "profile", "system", "ends", "days left", "state"),
        [
            (
                row.entry.serial[:12],
                row.entry.profile,
                row.entry.system,
                _shown(row.entry.not_after)[:10],
                row.days_left,
                row.state,
            )
            for row in rows
        ],
    )
    if expiring is not None and rows:
        raise typer.Exit(1)


@app.command(epilog="Example: juki-gateway pki revoke --state build/demo --reason keyCompromise signing.pem")
def revoke(
    certificate: Annotated[str, typer.Argument(help="Certificate file, or its serial in hex (8 digits do).")],
    *,
    state: State,
    reason: Annotated[str, typer.Option("--reason", help="A reason of RFC 5280 5.3.1.")] = "unspecified",
    at: At = None,
    json_: AsJson = False,
) -> None:
    """Revoke a certificate for good and publish both revocation lists."""
    authority, now = _open(state), _instant(at, state)
    which = Path(certificate) if Path(certificate).is_file() else certificate
    entry = authority.revoke(which, at=now, reason=reason)
    numbers = authority.publish_crls(at=now)
    out = Output(json_)
    out.document(
        {"serial": entry.serial, "subject": entry.subject, "reason": entry.reason, "crl_numbers": numbers}
    )
    out.line(f"revoked  {entry.serial}  {entry.subject}")


app.command("renew", epilog="Example: juki-gateway pki renew build/demo/131016-cs --use signing")(renew)
app.command("rehearse", epilog="Example: juki-gateway pki rehearse build/demo/131016-cs")(rehearse_command)


@app.command(epilog="Example: juki-gateway pki crl --state build/demo --hours 48")
def crl(
    *,
    state: State,
    hours: Annotated[
        float | None, typer.Option("--hours", help="Hours to the next update; else the profile's.", min=0.01)
    ] = None,
    at: At = None,
    json_: AsJson = False,
) -> None:
    """Publish both revocation lists anew, each with the next number."""
    numbers = _open(state).publish_crls(at=_instant(at, state), hours=hours)
    out = Output(json_)
    out.document({"crl_numbers": numbers})
    for name, number in numbers.items():
        out.line(f"{name:8} CRL {number}")


@app.command(
    epilog="Example: juki-gateway pki negative build/bad --state build/demo --role integrated_terminal "
    "--system 131016-terminal-1 --municipality 131016 --other-role national_server "
    "--other-system national-server"
)
def negative(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the bad credentials.")],
    *,
    state: State,
    role: Annotated[str, typer.Option("--role", help="Role of the system whose name they carry.")],
    system: Annotated[str, typer.Option("--system", help="Id of that system.")],
    municipality: Municipality = None,
    other_role: Annotated[str, typer.Option("--other-role", help="Role of the other system.")],
    other_system: Annotated[str, typer.Option("--other-system", help="Id of the other system.")],
    other_municipality: Annotated[
        str | None, typer.Option("--other-municipality", help="市町村コード of the other system.")
    ] = None,
    key_kind: KeyKind = "RSA-2048",
    at: At = None,
    json_: AsJson = False,
) -> None:
    """Write credentials that every gateway must refuse, and good TLS ones to try them with."""
    authority, now = _open(state), _instant(at, state)
    own = System(role, system, municipality)
    other = System(other_role, other_system, other_municipality)

    def good(profile: str, named: System) -> Credential:
        home = folder / "good" / named.system
        return authority.issue(
            profile,
            role=named.role,
            system=named.system,
            municipality=named.municipality,
            at=now,
            key_kind=key_kind,
            key_file=home / f"{profile}.key.pem",
            certificate_file=home / f"{profile}.pem",
        )

    entries = write_negative(
        authority,
        folder,
        as_system=own,
        tls=good("tls", own),
        other=(good("signing", other), good("tls", other)),
        at=now,
        key_kind=key_kind,
    )
    out = Output(json_)
    out.document({name: entry.document() for name, entry in entries.items()})
    for name, entry in entries.items():
        out.line(f"{name:15} {entry.signing.certificate}")


def _open(state: Path) -> Authority:
    inside = state / "pki"
    return Authority.open(inside if inside.is_dir() else state)


def _instant(text: str | None, state: Path) -> datetime:
    if text is None:
        return SystemClock(_offset(state)).now()
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"--at {text!r} is no instant like 2026-12-01T00:00:00Z") from None


def _offset(state: Path) -> timedelta:
    """How far the clock of the network is moved to which this PKI belongs (network.json)."""
    for folder in (state, state.absolute().parent):
        try:
            clock = json.loads((folder / "network.json").read_text(encoding="utf-8"))["clock"]
            return timedelta(seconds=max(0.0, float(clock["offset_seconds"])))
        except OSError:
            continue
        except (ValueError, KeyError, TypeError):
            raise StateError(f"{folder / 'network.json'}: its clock cannot be read") from None
    return timedelta(0)


def _row(row: Issued) -> dict[str, Any]:
    values = asdict(row.entry)
    for key in ("not_before", "not_after", "revoked_at"):
        values[key] = None if values[key] is None else _shown(values[key])
    return {**values, "days_left": row.days_left, "state": row.state}


def _shown(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
