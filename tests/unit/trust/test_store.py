"""The trust store over time: CRL files that change, what is remembered, what status shows."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway.errors import StateError
from gateway.refusals import Refused
from gateway.trust import TrustStore, Usage, crl, snapshot, store
from tests.kit.forge import AT, DAY, DEMANDED, LEAF, ROOT, Forge, der, key, make, make_crl


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path)


def outcome(trusted: TrustStore, certificate: x509.Certificate, at: Any = AT) -> str:
    """The rule that refuses, or ``good``."""
    try:
        trusted.check(der(certificate), usage=Usage.SIGNING, at=at)
    except Refused as refused:
        return refused.rule.name
    return "good"


def in_use(trusted: TrustStore) -> list[int | None]:
    return [one.number for one in trusted.status(AT)[0].lists]


def test_a_new_list_is_taken_up_without_a_restart(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LOOK_EVERY", 0.0)
    trusted, leaf = forge.store(), forge.leaf()
    assert outcome(trusted, leaf) == "good"
    forge.write_crl("issuing", number=2, revoked=[leaf.serial_number])
    assert outcome(trusted, leaf) == "certificate-revoked"


def test_files_are_looked_at_once_a_second_at_most(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(store.time, "monotonic", lambda: now)
    looks: list[float] = []
    real = snapshot.changed
    monkeypatch.setattr(store, "changed", lambda *given: looks.append(now) or real(*given))
    trusted, leaf = forge.store(), forge.leaf()
    for now in (1000.5, 1000.9, 1001.0, 1001.5, 1001.9, 1002.1):  # noqa: B007  # the clock's closure reads it
        outcome(trusted, leaf)
    assert looks == [1001.0, 1002.1]


def test_an_unchanged_file_is_not_read_again(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = forge.store()
    monkeypatch.setattr(snapshot, "read_crl", lambda file: pytest.fail("read again"))
    trusted.reload()


@pytest.mark.parametrize("content", [b"", b"rubbish", make_crl("issuing", key("issuing"), number=9)[:150]])
def test_a_bad_new_file_keeps_the_old_list(forge: Forge, content: bytes) -> None:
    trusted, leaf = forge.store(), forge.leaf()
    forge.put("issuing", content)
    trusted.reload()
    assert outcome(trusted, leaf) == "good"
    assert in_use(trusted) == [1, 1]
    assert str(forge.file("issuing")) in " ".join(trusted.status(AT)[0].problems)
    forge.write_crl("issuing", number=2, revoked=[leaf.serial_number])
    trusted.reload()
    assert outcome(trusted, leaf) == "certificate-revoked"
    assert trusted.status(AT)[0].problems == ()


def test_a_file_that_is_gone_keeps_the_old_list_until_it_is_stale(forge: Forge) -> None:
    trusted, leaf = forge.store(), forge.leaf()
    forge.file("issuing").unlink()
    trusted.reload()
    assert outcome(trusted, leaf) == "good"
    assert outcome(trusted, leaf, AT + DAY + timedelta(seconds=1)) == "revocation-stale"
    assert trusted.status(AT)[0].problems == (f"{forge.file('issuing')}: No such file or directory",)


def test_a_file_that_was_bad_is_looked_at_until_it_is_good(forge: Forge) -> None:
    forge.put("issuing", b"")
    trusted, leaf = forge.store(), forge.leaf()
    assert outcome(trusted, leaf) == "revocation-unknown"
    forge.write_crl("issuing")
    trusted.reload()
    assert outcome(trusted, leaf) == "good"


def test_an_older_list_never_replaces_a_newer_one(forge: Forge) -> None:
    leaf = forge.leaf()
    forge.write_crl("issuing", number=7, revoked=[leaf.serial_number])
    trusted = forge.store()
    forge.write_crl("issuing", number=6)
    trusted.reload()
    assert outcome(trusted, leaf) == "certificate-revoked"
    assert in_use(trusted) == [1, 7]
    problems = trusted.status(AT)[0].problems
    assert problems == (f"{forge.file('issuing')}: CRL number 6 is older than 7, which is in use",)


def test_the_newer_of_two_files_of_one_authority_is_used(forge: Forge, tmp_path: Path) -> None:
    leaf = forge.leaf()
    newer = tmp_path / "newer.pem"
    newer.write_bytes(make_crl("issuing", key("issuing"), number=2, revoked=[leaf.serial_number]))
    for files in ((forge.file("issuing"), newer), (newer, forge.file("issuing"))):
        trusted = forge.store(crl_files=(forge.file("root"), *files))
        assert outcome(trusted, leaf) == "certificate-revoked"


def test_of_two_lists_with_one_number_the_later_is_used(forge: Forge) -> None:
    leaf = forge.leaf()
    trusted = forge.store()
    forge.write_crl("issuing", begin=AT - timedelta(hours=1), revoked=[leaf.serial_number])
    trusted.reload()
    assert outcome(trusted, leaf) == "certificate-revoked"


def test_a_list_signed_by_nobody_is_named_in_status(forge: Forge) -> None:
    forge.put("issuing", make_crl("issuing", key("other")))
    assert forge.store().status(AT)[0].problems == (
        f"{forge.file('issuing')}: signed by no authority of this anchor",
    )


def test_a_list_at_the_size_limit_and_past_it(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    size = forge.file("issuing").stat().st_size
    forge.put("root", make_crl("root", key("root")).rjust(size, b"\n"))
    for limit, rule in ((size, "good"), (size - 1, "revocation-unknown")):
        monkeypatch.setattr(crl, "MAX_CRL_BYTES", limit)
        assert outcome(forge.store(), forge.leaf()) == rule


def test_what_is_remembered_is_found_without_a_path(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, leaf = forge.store(), forge.leaf()
    first = trusted.check(der(leaf), usage=Usage.SIGNING, at=AT)
    monkeypatch.setattr(store, "find_path", lambda *given: pytest.fail("judged anew"))
    assert trusted.check(bytes(bytearray(der(leaf))), usage=Usage.SIGNING, at=AT + DAY) is first


def test_what_is_remembered_is_of_one_usage(forge: Forge) -> None:
    trusted = forge.store(extended_key_usage={Usage.SIGNING: DEMANDED, Usage.TLS_CLIENT: "1.2.3"})
    raw = der(forge.leaf())
    trusted.check(raw, usage=Usage.SIGNING, at=AT)
    with pytest.raises(Refused) as refusal:
        trusted.check(raw, usage=Usage.TLS_CLIENT, at=AT)
    assert refusal.value.rule.name == "certificate-extended-key-usage"


def test_the_memo_is_bounded(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MEMO_ENTRIES", 3)
    trusted = forge.store()
    sizes = []
    for _ in range(7):
        assert outcome(trusted, forge.leaf()) == "good"
        sizes.append(len(trusted._snapshot.memo))
    assert sizes == [1, 2, 3, 1, 2, 3, 1]


def test_refusals_are_not_remembered(forge: Forge) -> None:
    trusted = forge.store()
    assert outcome(trusted, make("system", key("leaf"), "issuing", key("other"), LEAF)) == "certificate-path"
    assert not trusted._snapshot.memo


def test_each_anchor_vouches_under_its_own_name(forge: Forge, tmp_path: Path) -> None:
    second = make("root", key("second"), "root", key("second"), ROOT)
    anchors = [
        forge.anchor(),
        forge.anchor(name="second", certificate=second, intermediates=(), revocation="off"),
    ]
    trusted = TrustStore(anchors)
    assert trusted.anchors == tuple(anchors)
    leaf = make("system", key("leaf"), "root", key("second"), LEAF)
    assert trusted.check(der(leaf), usage=Usage.SIGNING, at=AT).anchor == "second"
    assert trusted.check(der(forge.leaf()), usage=Usage.SIGNING, at=AT).anchor == "forge"


def test_a_path_under_any_anchor_will_do(forge: Forge) -> None:
    """The same authority may stand under two roots; where both refuse, the first one speaks."""
    other = make("root", key("root"), "root", key("root"), ROOT, begin=AT - DAY, end=AT + 90 * DAY)
    strict = forge.anchor(extended_key_usage={Usage.SIGNING: "1.2.9"})
    lax = forge.anchor(name="lax", certificate=other)
    leaf = forge.leaf()
    assert TrustStore([strict, lax]).check(der(leaf), usage=Usage.SIGNING, at=AT).anchor == "lax"
    late = AT + 95 * DAY
    assert outcome(TrustStore([strict, lax]), leaf, late) == "certificate-extended-key-usage"
    assert outcome(TrustStore([lax, strict]), leaf, late) == "certificate-expired"


def test_anchors_that_cannot_stand_together(forge: Forge) -> None:
    second = make("second", key("second"), "second", key("second"), ROOT)
    with pytest.raises(StateError, match="same name"):
        TrustStore([forge.anchor(), forge.anchor(certificate=second)])
    with pytest.raises(StateError, match="same certificate"):
        TrustStore([forge.anchor(), forge.anchor(name="second")])


def test_an_anchor_must_be_an_authority(forge: Forge) -> None:
    with pytest.raises(StateError, match="no authority"):
        forge.store(certificate=make("root", key("root"), "root", key("root"), LEAF))
    with pytest.raises(StateError, match="no authority"):
        forge.store(intermediates=(forge.leaf(),))


def test_status(forge: Forge) -> None:
    forge.write_crl("issuing", number=12, end=AT + 2 * DAY)
    (status,) = forge.store(crl_files=(forge.file("issuing"),)).status(AT + DAY / 2)
    assert (status.name, status.subject, status.revocation) == ("forge", "CN=root,C=JP", "crl")
    assert (status.not_after, status.days_left, status.development) == (AT + 500 * DAY, 499, False)
    root, issuing = status.lists
    assert (root.issuer, root.file, root.number, root.next_update, root.days_left) == (
        "CN=root,C=JP", None, None, None, None,
    )  # fmt: skip
    assert (issuing.issuer, issuing.file) == ("CN=issuing,C=JP", str(forge.file("issuing")))
    assert (issuing.number, issuing.this_update) == (12, AT - DAY)
    assert (issuing.next_update, issuing.days_left) == (AT + 2 * DAY, 1.5)
    (off,) = forge.store(revocation="off").status(AT)
    assert (off.revocation, off.lists, off.problems) == ("off", (), ())


def test_threads_never_see_half_a_change(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are renewed while threads check: the good one is never refused, the revoked one never passes."""
    monkeypatch.setattr(store, "LOOK_EVERY", 0.0)
    good, bad = forge.leaf(), forge.leaf()
    forge.write_crl("issuing", revoked=[bad.serial_number])
    trusted = forge.store()
    seen: set[tuple[str, str]] = set()
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            seen.add(("good", outcome(trusted, good)))
            seen.add(("bad", outcome(trusted, bad)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(2, 40):
        forge.write_crl("issuing", number=number, revoked=[bad.serial_number])
    done.set()
    for thread in threads:
        thread.join()
    assert seen == {("good", "good"), ("bad", "certificate-revoked")}
    trusted.reload()
    assert in_use(trusted) == [1, 39]


def test_a_check_never_waits_for_another_threads_reading(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LOOK_EVERY", 0.0)
    trusted, leaf = forge.store(), forge.leaf()
    answers: list[str] = []
    with trusted._lock:
        thread = threading.Thread(target=lambda: answers.append(outcome(trusted, leaf)), daemon=True)
        thread.start()
        thread.join(10)
        assert answers == ["good"]
