"""``network up --external``: what is taken, what is refused with which words, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.network.document import network_document
from gateway.cli.network.external_option import with_externals
from gateway.cli.network.folders import Made, make_network, take_folder
from gateway.cli.network.plan import DEVELOPMENT
from gateway.errors import UsageError
from gateway.pki import Authority, Credential
from gateway.pki.profile import Profile
from gateway.settings import load_settings

Run = Callable[..., Any]
NOW = datetime.now(UTC)
NATIONAL, TERMINAL, GATEWAY, TOKYO = (
    "national-server", "131016-terminal-1", "131016-cs", "13-prefectural-server",
)  # fmt: skip
ADDRESS = "https://127.0.0.1:9443/"


class Vendor:
    """Somebody's own authority, and PEM files made of what it issued."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority.create(folder / "pki", at=NOW)
        self.signing, self.tls = self.issue("signing"), self.issue("tls")
        self.issuers = (self.authority.issuing_pem, self.authority.root_pem)
        self.good = self.file("good", self.signing.certificate, self.tls.certificate, *self.issuers)

    def issue(self, profile: str | Profile, system: str = "vendor") -> Credential:
        name = profile if isinstance(profile, str) else "other"
        return self.authority.issue(
            profile,
            role="anything",
            system=system,
            municipality=None,
            at=NOW,
            key_kind="P-256",
            key_file=self.folder / system / f"{name}.key.pem",
            certificate_file=self.folder / system / f"{name}.pem",
        )

    def file(self, name: str, *parts: Path | bytes) -> Path:
        made = self.folder / f"{name}.pem"
        made.write_bytes(b"".join(part if isinstance(part, bytes) else part.read_bytes() for part in parts))
        return made


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Vendor:
    return Vendor(tmp_path_factory.mktemp("vendor"))


def taken(*given: str) -> Any:
    return with_externals(DEVELOPMENT, given, at=datetime.now(UTC)).externals


def refused(*given: str) -> str:
    with pytest.raises(UsageError) as caught:
        taken(*given)
    return str(caught.value)


@pytest.mark.parametrize(
    "url", [ADDRESS, ADDRESS.removesuffix("/"), f"{ADDRESS}national/1", "https://127.0.0.1/"]
)
def test_a_server_by_role_or_id(vendor: Vendor, url: str) -> None:
    (by_role,) = taken(f"national_server={url},{vendor.good}")
    (by_id,) = taken(f"{NATIONAL}={url},{vendor.good}")
    assert by_role == by_id
    assert (by_role.id, by_role.url) == (NATIONAL, url.removesuffix("national/1").rstrip("/") + "/")


def test_a_role_that_is_not_in_the_network(vendor: Vendor) -> None:
    fewer = replace(DEVELOPMENT, systems=tuple(one for one in DEVELOPMENT.systems if one.role != "jlis"))
    with pytest.raises(UsageError, match="no system of this role is in the network"):
        with_externals(fewer, [f"jlis=https://h/,{vendor.good}"], at=datetime.now(UTC))


def test_a_caller(vendor: Vendor) -> None:
    (terminal,) = taken(f"integrated_terminal={vendor.good}")
    assert (terminal.id, terminal.url) == (TERMINAL, None)
    assert [len(root.intermediates) for root in terminal.roots] == [1]


def test_the_order_of_the_certificates(vendor: Vendor) -> None:
    """Any order of issuers will do, and a certificate for TLS is told from one that is not."""
    turned = vendor.file("turned", *vendor.issuers, vendor.tls.certificate, vendor.signing.certificate)
    (first,), (second,) = taken(f"{TERMINAL}={vendor.good}"), taken(f"{TERMINAL}={turned}")
    assert (first.signing, first.tls) == (second.signing, second.tls)


def test_two_roots(vendor: Vendor, tmp_path: Path) -> None:
    other = Vendor(tmp_path)
    both = vendor.file(
        "both", vendor.signing.certificate, other.tls.certificate, *vendor.issuers, *other.issuers
    )
    (terminal,) = taken(f"{TERMINAL}={both}")
    assert len(terminal.roots) == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("national_server", "write ROLE-or-ID="),
        ("=x.pem", "write ROLE-or-ID="),
        ("prefectural_server=https://h/,GOOD", f"give the id: {TOKYO}, 14-prefectural-server"),
        ("municipal_cs=GOOD", "give the id: 131016-cs, 141003-cs"),
        ("nobody=GOOD", "no such role or id"),
        ("national_server=GOOD", "is called, so write national_server=URL,CERTIFICATE"),
        (f"national_server={ADDRESS}", "a certificate is missing"),
        (f"integrated_terminal={ADDRESS},GOOD", "only calls"),
        ("national_server=http://127.0.0.1:1/,GOOD", "https://HOST:PORT/"),
        (
            "national_server=https://127.0.0.1:1/other,GOOD",
            "/national/1 or /consistency/1 is looked for below it",
        ),
        ("national_server=https://127.0.0.1:99999/,GOOD", "no valid port"),
        ("national_server=https://example.jp/,GOOD", "does not name example.jp"),
        ("national_server=https://127.0.0.2/,GOOD", "does not name 127.0.0.2"),
        ("integrated_terminal=missing.pem", "cannot be read"),
    ],
)
def test_options_that_cannot_be_used(vendor: Vendor, given: str, words: str) -> None:
    assert words in refused(given.replace("GOOD", str(vendor.good)))


def test_twice(vendor: Vendor) -> None:
    assert f"{TERMINAL} is given twice" in refused(
        f"{TERMINAL}={vendor.good}", f"integrated_terminal={vendor.good}"
    )


def test_files_that_cannot_be_used(vendor: Vendor) -> None:
    signing, tls = vendor.signing.certificate, vendor.tls.certificate
    block = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    short = vendor.issue(Profile.read("signing").but(begin_days=-30, days=10), "late")
    same = vendor.authority.issue(
        "tls", role="anything", system="same", municipality=None, at=NOW, key_file=vendor.signing.key,
        certificate_file=vendor.folder / "same.pem", keep_key=True,
    )  # fmt: skip
    for name, parts, words in (
        ("empty", (b"",), "there is no PEM certificate"),
        ("one", (signing, *vendor.issuers), "there are 1"),
        ("three", (signing, tls, short.certificate, *vendor.issuers), "there are 3"),
        ("key", (signing, vendor.signing.key), "line 1[0-9]: a private key"),
        ("broken", (b"words\n", block), "line 2: this PEM block cannot be read"),
        ("another", (b"-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----\n",), "1: PUBLIC KEY is"),
        ("rootless", (signing, tls, vendor.authority.issuing_pem), "has no path to a root"),
        ("expired", (short.certificate, tls, *vendor.issuers), "refused: certificate-expired"),
        ("same", (signing, same.certificate, *vendor.issuers), "must not be the key of TLS"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=words):
            taken(f"{TERMINAL}={vendor.file(name, *parts)}")


def test_lists_in_the_file_count(vendor: Vendor, tmp_path: Path) -> None:
    authority = vendor.authority
    authority.publish_crls(at=datetime.now(UTC))
    crls = (authority.root_crl_pem, authority.issuing_crl_pem)
    certificates = (vendor.signing.certificate, vendor.tls.certificate, *vendor.issuers)
    (terminal,) = taken(f"{TERMINAL}={vendor.file('crls', *certificates, *crls)}")
    assert [len(root.crls) for root in terminal.roots] == [2]
    assert "revocation-unknown" in refused(f"{TERMINAL}={vendor.file('half', *certificates, crls[1])}")
    stranger = Authority.create(tmp_path / "stranger", at=NOW, key_kind="P-384")
    # The stranger's authorities bear the same names: its list is taken, and does not speak for ours.
    assert "revocation-unknown" in refused(
        f"{TERMINAL}={vendor.file('strange', *certificates, crls[0], stranger.issuing_crl_pem)}"
    )
    revoked = vendor.issue("signing", "revoked")
    authority.revoke(revoked.certificate, at=NOW - timedelta(seconds=1))
    authority.publish_crls(at=datetime.now(UTC))
    parts = (revoked.certificate, vendor.tls.certificate, *vendor.issuers, *crls)
    assert "certificate-revoked" in refused(f"{TERMINAL}={vendor.file('revoked', *parts)}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("net")
    take_folder(folder, "network")
    return folder


def made(folder: Path, *given: str) -> Made:
    return make_network(folder, with_externals(DEVELOPMENT, given, at=datetime.now(UTC)), lambda _text: None)


def test_a_network_with_externals_and_back_again(vendor: Vendor, folder: Path) -> None:
    before = made(folder)
    files = {state.settings_file: state.settings_file.read_text() for state in before.states.values()}

    mine = [vendor.issue(profile, "terminal").certificate for profile in ("signing", "tls")]
    second = vendor.file("terminal", *mine, *vendor.issuers)
    network = made(folder, f"{NATIONAL}={ADDRESS},{vendor.good}", f"{TERMINAL}={second}")
    assert {NATIONAL, TERMINAL}.isdisjoint(network.states)
    settings = load_settings(network.states[GATEWAY].settings_file)
    # One authority vouches for both: its anchor is named after the first.
    assert [anchor.name for anchor in settings.anchors] == ["development", f"external-{NATIONAL}"]
    holders = {one.id: {holder.anchor for holder in one.signing} for one in settings.counterparts}
    assert holders[NATIONAL] == holders[TERMINAL] == {f"external-{NATIONAL}"}
    assert holders[TOKYO] == {"development"}
    assert [one.url for one in settings.destinations if one.id == NATIONAL] == [ADDRESS]
    terminal = next(one for one in settings.counterparts if one.id == TERMINAL)
    assert terminal.terminals == ("131016-T001",)
    # Everybody who calls one of them or is called by it has the anchor, and nobody else.
    for system in network.plan.own:
        known = {other.id for other in network.plan.counterparts(system)}
        anchors = load_settings(network.states[system.id].settings_file).anchors
        assert len(anchors) == (1 if known.isdisjoint({NATIONAL, TERMINAL}) else 2)
    document = network_document(network, lambda _text: None)
    entry = next(one for one in document["systems"] if one["id"] == NATIONAL)
    assert (entry["external"], entry["address"]) == (True, ADDRESS)
    assert entry["services"]["national"]["url"] == f"{ADDRESS}national/1"
    assert entry["signing"].keys() == entry["tls"].keys() == {"certificate"}
    assert document["negative"] == {}

    after = made(folder)
    assert {file: file.read_text() for file in files} == files
    assert not list((folder / GATEWAY / "certificates").glob("external-*"))
    assert network_document(after, lambda _text: None)["negative"]["wrong_role"]["role"]


def test_certificates_of_the_networks_own_authority_need_no_anchor(vendor: Vendor, folder: Path) -> None:
    network = made(folder)
    authority = network.authority
    credentials = [
        authority.issue(profile, role="integrated_terminal", system="mine", municipality="131016", at=NOW)
        for profile in ("signing", "tls")
    ]
    certificates = [one.certificate for one in credentials]
    file = vendor.file("own", *certificates, authority.issuing_pem, authority.root_pem)
    mine = load_settings(made(folder, f"{TERMINAL}={file}").states[GATEWAY].settings_file)
    assert [anchor.name for anchor in mine.anchors] == ["development"]
    (terminal,) = [one for one in mine.counterparts if one.id == TERMINAL]
    assert ["CN=mine" in one.subject for one in (*terminal.signing, *terminal.tls)] == [True, True]
    back = load_settings(made(folder).states[GATEWAY].settings_file)
    (terminal,) = [one for one in back.counterparts if one.id == TERMINAL]
    assert f"CN={TERMINAL}" in terminal.signing[0].subject


def test_a_certificate_that_belongs_to_somebody_else_changes_nothing(vendor: Vendor, folder: Path) -> None:
    network = made(folder)
    state, authority = network.states[GATEWAY], network.authority
    before = state.settings_file.read_text()
    theirs = network.states[NATIONAL].certificates
    file = vendor.file(
        "theirs", theirs / "signing.pem", theirs / "tls.pem", authority.issuing_pem, authority.root_pem
    )
    with pytest.raises(UsageError, match="already belongs to"):
        made(folder, f"{TERMINAL}={file}")
    assert state.settings_file.read_text() == before


def test_a_simulator_that_was_left_out_cannot_be_told_to_misbehave(
    run: Run, vendor: Vendor, folder: Path
) -> None:
    made(folder, f"{NATIONAL}={ADDRESS},{vendor.good}")
    told = run("simulator", "set", folder, NATIONAL, "down")
    assert told.status == 2
    assert "somebody else's" in told.err


def test_the_command_ends_with_2_and_makes_nothing(run: Run, tmp_path: Path) -> None:
    told = run("network", "up", tmp_path / "net", "--external", "national_server=x.pem", "--json")
    assert told.status == 2
    assert told.document["error"]["status"] == 2
    assert not (tmp_path / "net").exists()
