"""``juki-gateway pki`` as a person or a script meets it: answers, files and exit statuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main, output
from tests.kit.pki import certificate

SYSTEM = ("--role", "municipal_cs", "--system", "131016-cs", "--municipality", "131016")
AT = ("--at", "2026-11-25T00:00:00Z")


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    output.forget()
    with pytest.raises(SystemExit) as end:
        main(["pki", *map(str, arguments)])
    out, err = capsys.readouterr()
    code = end.value.code
    assert isinstance(code, int)
    return code, out, err


def answer(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    code, out, _ = run(capsys, *arguments, "--json")
    assert code == 0, out
    return json.loads(out)


@pytest.fixture
def pki(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "net" / "pki"
    made = answer(capsys, "create", folder, *AT)
    assert made["root"] == str(folder / "root.pem") and len(made["crls"]) == 2
    return folder


def issue(capsys: pytest.CaptureFixture[str], pki: Path, *more: str) -> Any:
    return answer(capsys, "issue", "signing", "--state", pki, *SYSTEM, "--key-kind", "P-256", *AT, *more)


def test_issue_list_revoke(pki: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    made = issue(capsys, pki, "--out", str(tmp_path / "out"))
    assert made["certificate"] == str(tmp_path / "out" / "signing.pem")
    serial = f"{certificate(Path(made['certificate'])).serial_number:x}"
    (row,) = answer(capsys, "list", "--state", pki, *AT)["certificates"][2:]
    assert (row["serial"], row["state"], row["days_left"]) == (serial, "good", 1094)
    assert (row["not_after"], row["revoked_at"]) == ("2029-11-23T23:59:59Z", None)
    code, out, _ = run(capsys, "list", "--state", pki, *AT)
    assert code == 0 and serial[:12] in out and "1094" in out
    done = answer(capsys, "revoke", serial[:12], "--state", pki, "--reason", "superseded", *AT)
    assert (done["serial"], done["crl_numbers"]) == (serial, {"root": 2, "issuing": 2})
    (row,) = answer(capsys, "list", "--state", pki, *AT)["certificates"][2:]
    assert (row["state"], row["reason"], row["revoked_at"]) == (
        "revoked",
        "superseded",
        "2026-11-25T00:00:00Z",
    )


def test_revoking_a_file(pki: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = issue(capsys, pki)
    code, out, _ = run(capsys, "revoke", made["certificate"], "--state", pki)
    assert code == 0 and out.startswith("revoked  ") and "CN=131016-cs" in out


def test_expiring(pki: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issue(capsys, pki)
    assert run(capsys, "list", "--state", pki, "--expiring", "1094", *AT)[0] == 0
    code, out, _ = run(capsys, "list", "--state", pki, "--expiring", "1095", "--json", *AT)
    assert code == 1 and len(json.loads(out)["certificates"]) == 1


def test_crl(pki: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "crl", "--state", pki, "--hours", "48") == {
        "crl_numbers": {"root": 2, "issuing": 2}
    }
    code, out, _ = run(capsys, "crl", "--state", pki)
    assert code == 0 and out.split() == ["root", "CRL", "3", "issuing", "CRL", "3"]


def test_state_by_network_folder_and_environment(
    pki: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(capsys, "crl", "--state", pki.parent)[0] == 0
    monkeypatch.setenv("JUKI_GATEWAY_STATE", str(pki))
    assert run(capsys, "crl")[0] == 0


def test_the_networks_clock_is_followed(pki: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pki.parent / "network.json").write_text('{"clock": {"offset_seconds": 8640000}}')
    before = answer(capsys, "list", "--state", pki, *AT)["certificates"][0]["days_left"]
    assert answer(capsys, "list", "--state", pki)["certificates"][0]["days_left"] <= before - 99
    (pki.parent / "network.json").write_text("{}")
    assert run(capsys, "list", "--state", pki)[0] == 2


def test_negative(pki: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    others = ("--other-role", "national_server", "--other-system", "national-server", "--key-kind", "P-256")
    made = answer(capsys, "negative", tmp_path / "bad", "--state", pki, *SYSTEM, *others, *AT)
    assert len(made) == 9 and made["wrong_role"]["signing"]["certificate"].endswith(
        "national-server/signing.pem"
    )
    code, out, _ = run(capsys, "negative", tmp_path / "again", "--state", pki, *SYSTEM, *others, *AT)
    assert code == 0 and len(out.splitlines()) == 9


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "{pki}"),
        ("create", "{new}", "--key-kind", "P-521"),
        ("create", "{new}", "--at", "2026-11-25"),
        ("issue", "nothing", "--state", "{pki}", *SYSTEM),
        ("issue", "signing", "--state", "{new}", *SYSTEM),
        ("issue", "signing", "--state", "{pki}"),
        ("revoke", "1234", "--state", "{pki}"),
        ("list",),
        ("list", "--state", "{pki}", "--unknown"),
    ],
)
def test_wrong_use_is_status_2(
    pki: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    filled = [one.format(pki=pki, new=tmp_path / "new") for one in arguments]
    code, out, err = run(capsys, *filled)
    assert (code, out) == (2, "") and err
    code, out, _ = run(capsys, *filled, "--json")
    assert code == 2 and json.loads(out)["error"]


@pytest.mark.parametrize("command", ["create", "issue", "list", "revoke", "crl", "negative"])
def test_help_has_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, _ = run(capsys, command, "--help")
    assert code == 0 and f"Example: juki-gateway pki {command}" in out
