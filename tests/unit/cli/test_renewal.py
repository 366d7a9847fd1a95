"""pki renew: a pair beside the one in use, taken up at an instant; what would do harm is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway.cli.renewal import Renewal, Renewed
from gateway.clock import FixedClock
from gateway.errors import StateError
from gateway.pki import Authority
from gateway.settings import Anchor, ExtendedKeyUsage, Settings, System, load_settings, render_settings
from gateway.state import StateFolder
from gateway.trust import MESSAGE_SIGNING, at_present
from gateway.trust import renewal as trust_renewal
from gateway.trust.configured import signer
from gateway.trust.renewal import RENEWALS, CurrentPair, RenewedSigner, pair_at, pairs

Run = Callable[..., Any]
ID = "131016-cs"
HOLDER: dict[str, Any] = {"role": "municipal_cs", "system": ID, "municipality": "131016"}
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
P256 = {"key_kind": "P-256"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A development PKI and the state folder of one system, whose certificates are a day old."""
    home = tmp_path_factory.mktemp("renewal")
    authority = Authority.create(home / "pki", at=NOW - DAY)
    anchor = Anchor(
        name="development",
        certificate=Path("certificates/root.pem"),
        intermediates=(Path("certificates/issuing.pem"),),
        crls=(Path("certificates/root.crl.pem"), Path("certificates/issuing.crl.pem")),
        extended_key_usage=ExtendedKeyUsage(signing=MESSAGE_SIGNING.dotted_string),
    )
    system = System(id=ID, role="municipal_cs", name="x", municipality="131016")
    settings = Settings(mode="development", system=system, anchors=(anchor,))
    state = StateFolder.create(home / ID, render_settings(settings))
    for use in ("signing", "tls"):
        authority.issue(
            use, **HOLDER, **P256, at=NOW - DAY,
            key_file=state.keys / f"{use}.key.pem", certificate_file=state.certificates / f"{use}.pem",
        )  # fmt: skip
    authority.publish_crls(at=NOW, hours=48)
    for file in authority.folder.glob("*.pem"):
        if "key" not in file.name:
            shutil.copy(file, state.certificates / file.name)
    return home


class Place:
    def __init__(self, home: Path) -> None:
        self.authority = Authority.open(home / "pki")
        self.state = StateFolder.open(home / ID)
        self.settings = load_settings(self.state.settings_file)

    def renewal(self, use: Any = "signing") -> Renewal:
        return Renewal(self.state, self.settings, use)

    def renewed(self, use: Any = "signing", since: datetime | None = None) -> Renewed:
        return self.renewal(use).by_development_pki(self.authority, since, kind="P-256")

    def issued(self, key: Path, profile: str = "signing", **changes: Any) -> Path:
        """A certificate on a key of ours, as an authority elsewhere would issue it."""
        file = self.authority.folder / "elsewhere.pem"
        values: dict[str, Any] = {**HOLDER, "at": NOW, **changes}
        self.authority.issue(profile, **values, key_file=key, certificate_file=file, keep_key=True)
        return file


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    shutil.copytree(made, tmp_path / "home")
    return Place(tmp_path / "home")


def certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def test_a_pair_counts_from_its_instant_on(place: Place) -> None:
    done = place.renewed(since=NOW + DAY)
    present, new = pairs(place.settings, place.state.path, "signing")
    assert (new, done.unused) == (done.pair, ())
    assert new.since == (NOW + DAY).replace(microsecond=0)
    assert {path.stat().st_mode & 0o077 for path in (new.key, new.certificate)} == {0}
    assert certificate(new.certificate).subject == certificate(present.certificate).subject
    clock = FixedClock(NOW)
    current = CurrentPair(place.settings, place.state.path, "signing", clock)
    keys = RenewedSigner(current)
    before = at_present(keys)
    assert (current(), keys.present()) == (present, before)
    clock.advance(DAY)
    assert current() == new
    assert keys.certificate_der == at_present(keys).certificate_der != before.certificate_der
    assert keys.algorithm and keys.sign(b"x") and not keys.problem
    # What was taken before stays whole: a message is signed by one pair.
    assert before.sign(b"x")


def test_a_running_signer_takes_it_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_renewal, "LOOK_EVERY", 0.0)
    clock = FixedClock(NOW + DAY)
    keys = RenewedSigner(CurrentPair(place.settings, place.state.path, "signing", clock))
    before = keys.certificate_der
    place.renewed(since=NOW + DAY)
    after = keys.certificate_der
    assert after != before
    # A list or a key that cannot be read leaves all as it is, and is told.
    (place.state.path / RENEWALS).write_text("{")
    assert keys.certificate_der == after and "cannot be read" in keys.problem
    place.state.path.joinpath(RENEWALS).write_text(
        '{"signing": [{"from": "2026-01-01T00:00:00Z", "key": "keys/none", "certificate": "keys/none"}]}'
    )
    assert keys.certificate_der == after and "No such file" in keys.problem


@pytest.mark.parametrize("text", ["[]", '{"signing": 1}', '{"signing": [{}]}', '{"signing": [1]}'])
def test_lists_of_another_form(place: Place, text: str) -> None:
    (place.state.path / RENEWALS).write_text(text)
    with pytest.raises(StateError, match="is no list of renewals"):
        pairs(place.settings, place.state.path, "signing")


def test_the_command(run: Run, place: Place) -> None:
    quick = ("pki", "renew", place.state.path, "--key-kind", "P-256")
    told = run(*quick, "--from", "2099-01-01T00:00:00Z", "--json")
    assert told.status == 1 and "is not valid at 2099" in told.document["error"]["text"]
    assert not list(place.state.certificates.glob("signing-*.pem"))
    later = f"{NOW + 2 * DAY:%Y-%m-%dT%H:%M:%SZ}"
    told = run(*quick, "--from", later, "--json").document
    assert {told[use]["from"] for use in ("signing", "tls")} == {later}
    status = run("status", "--state", place.state.path, "--json").document
    assert [one["renewed_from"] for one in status["certificates"]] == [later, later]
    assert run("pki", "renew", place.state.path, "--use", "tls", "--cancel").status == 0
    assert len(pairs(place.settings, place.state.path, "tls")) == 1
    assert run("pki", "renew", place.state.path, "--use", "tls", "--cancel").status == 1
    assert run("pki", "renew", place.state.path, "--from", "tomorrow").status == 2
    assert run("pki", "renew", place.state.path, "--request", "--cancel").status == 2
    assert run("pki", "renew", place.state.path, "--certificate", "x.pem").status == 2
    assert run("pki", "renew", place.state.path, "--pki", place.state.path / "none").status == 2


def test_one_that_waits_is_replaced_and_one_that_is_over_named(place: Place) -> None:
    waits = place.renewed(since=NOW + DAY).pair
    used = place.renewed()
    assert used.unused == (waits.key, waits.certificate)
    assert pair_at(place.settings, place.state.path, "signing", NOW + DAY) == used.pair


def test_a_request_for_an_authority_elsewhere(run: Run, place: Place) -> None:
    told = run(
        "pki", "renew", place.state.path, "--use", "signing", "--key-kind", "P-256", "--request", "--json"
    )
    asked = x509.load_pem_x509_csr(Path(told.document["signing"]["request"]).read_bytes())
    present = certificate(place.state.certificates / "signing.pem")
    assert (asked.subject, asked.is_signature_valid) == (present.subject, True)
    for kept in (x509.SubjectAlternativeName, x509.KeyUsage, x509.ExtendedKeyUsage):
        assert asked.extensions.get_extension_for_class(kept) == present.extensions.get_extension_for_class(
            kept
        )
    assert len(pairs(place.settings, place.state.path, "signing")) == 1  # nothing is in use yet
    file = place.issued(Path(told.document["signing"]["key"]))
    told = run("pki", "renew", place.state.path, "--use", "signing", "--certificate", file, "--json")
    assert told.status == 0, told
    assert certificate(Path(told.document["signing"]["certificate"])) == certificate(file)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"system": "141003-cs", "municipality": "141003"}, "of another holder"),
        ({"at": NOW + 3 * DAY}, "is not valid at"),
        ({"at": NOW - 2 * DAY}, "ends no later than the present one"),
        ({"profile": "tls"}, "would be refused: certificate-extended-key-usage"),
    ],
)
def test_certificates_that_would_do_harm(place: Place, changes: dict[str, Any], why: str) -> None:
    key, _ = place.renewal().request("P-256")
    with pytest.raises(Exception, match=why):
        place.renewal().issued(place.issued(key, **changes), None)
    assert pairs(place.settings, place.state.path, "signing")[1:] == ()


def test_a_key_must_be_new_and_ours(place: Place) -> None:
    with pytest.raises(Exception, match="no key in"):
        place.renewal().issued(place.issued(place.state.keys / "signing.key.pem"), None)
    shutil.copy(place.state.keys / "tls.key.pem", place.state.keys / "signing-old.key.pem")
    with pytest.raises(Exception, match=r"is not new: tls\.pem has it"):
        place.renewal().issued(place.issued(place.state.keys / "signing-old.key.pem"), None)
    key, _ = place.renewal().request("P-256")
    key.chmod(0o644)
    with pytest.raises(Exception, match="others than the owner may read it"):
        place.renewal().issued(place.issued(key), None)


def test_settings_name_the_first_pair(place: Place) -> None:
    assert signer(place.settings, place.state.path).certificate_der
    with pytest.raises(StateError):
        signer(place.settings, place.state.path / "none")
