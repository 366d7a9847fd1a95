"""A running server of ours, judged by sslyze: no old protocol, resumption, renegotiation or compression.

sslyze brings its own OpenSSL with the old protocols still in it; ``make tools`` gets it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.front import limits, own_processes
from tests.kit.tls import Pair, TestAuthority
from tests.tools import find, not_run

ASKED = (
    "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--resum", "--reneg",
    "--compression", "--early_data", "--heartbleed", "--openssl_ccs", "--fallback",
)  # fmt: skip
OLD = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1")
_PYTHON = find("sslyze")

pytestmark = pytest.mark.skipif(_PYTHON is None, reason=not_run("sslyze"))


def scan(port: int, client: Pair, folder: Path) -> dict[str, Any]:
    """The outcome of every question, by name."""
    told = folder / "sslyze.json"
    files = ("--cert", client.certificate, "--key", client.key)
    command = [str(_PYTHON), "-m", "sslyze", *ASKED, *map(str, files), "--json_out", str(told)]
    subprocess.run([*command, f"127.0.0.1:{port}"], capture_output=True, timeout=100, check=False)
    (server,) = json.loads(told.read_text(encoding="utf-8"))["server_scan_results"]
    assert server["connectivity_status"] == "COMPLETED", server
    results: dict[str, Any] = server["scan_result"]
    return results


def outcome(results: dict[str, Any], name: str) -> Any:
    found = results[name]
    assert found["status"] == "COMPLETED", (name, found)
    return found["result"]


@pytest.fixture(scope="module", params=[False, True], ids=["TLS 1.3 only", "TLS 1.2 by the setting"])
def scanned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("sslyze")
    authority = TestAuthority(folder)
    files = authority.files(authority.issue("server", server=True), tls12=request.param)
    with own_processes(limits(1), files, workers=1) as front:
        yield request.param, scan(front.port, authority.issue("client"), folder)


def test_no_old_protocol(scanned: Any) -> None:
    tls12, results = scanned
    for name in OLD:
        assert not outcome(results, f"{name}_cipher_suites")["accepted_cipher_suites"], name
    assert bool(outcome(results, "tls_1_2_cipher_suites")["accepted_cipher_suites"]) is tls12
    assert outcome(results, "tls_1_3_cipher_suites")["accepted_cipher_suites"]


def test_only_ciphers_with_forward_secrecy(scanned: Any) -> None:
    _, results = scanned
    for version in ("tls_1_2", "tls_1_3"):
        for accepted in outcome(results, f"{version}_cipher_suites")["accepted_cipher_suites"]:
            suite = accepted["cipher_suite"]
            assert suite["key_size"] >= 128
            assert version == "tls_1_3" or "ECDHE" in suite["name"], suite
            assert "CBC" not in suite["name"], suite


def test_no_resumption(scanned: Any) -> None:
    """Neither by ticket nor by session id: a resumed session would outlive a revocation."""
    _, results = scanned
    resumed = outcome(results, "session_resumption")
    for kind in ("session_id", "tls_ticket"):
        assert resumed[f"{kind}_resumption_result"] in {"NOT_SUPPORTED", "SERVER_IS_TLS_1_3_ONLY"}, resumed
        assert resumed[f"{kind}_successful_resumptions_count"] == 0


def test_no_renegotiation_compression_or_early_data(scanned: Any) -> None:
    _, results = scanned
    renegotiated = outcome(results, "session_renegotiation")
    assert not renegotiated["is_vulnerable_to_client_renegotiation_dos"]
    assert renegotiated["client_renegotiations_success_count"] == 0
    assert not outcome(results, "tls_compression")["supports_compression"]
    assert not outcome(results, "tls_1_3_early_data")["supports_early_data"]


def test_no_known_hole(scanned: Any) -> None:
    _, results = scanned
    assert not outcome(results, "heartbleed")["is_vulnerable_to_heartbleed"]
    assert not outcome(results, "openssl_ccs_injection")["is_vulnerable_to_ccs_injection"]
