"""Trust at the time of a captured message; behaviours of a counterpart that listens, as the page has them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.conformance import BEHAVIOURS, NewestLists
from gateway.refusals import Refused
from gateway.trust import Anchor, TrustStore, Usage
from tests.kit.door import revoked_crl
from tests.kit.identities import NOW, authority, identity

BEFORE = NOW - timedelta(days=2)  # the list is a day old


def _trust(crl: Path) -> TrustStore:
    return TrustStore([Anchor(name="tests", certificate=authority().certificate, crl_files=(crl,))])


def test_a_message_that_is_older_than_the_list(tmp_path: Path) -> None:
    trust, der = _trust(authority().write_crl(tmp_path)), identity().der
    with pytest.raises(Refused, match="revocation-unknown"):
        trust.check(der, usage=Usage.SIGNING, at=BEFORE)
    assert NewestLists(trust, NOW).check(der, usage=Usage.SIGNING, at=BEFORE).anchor == "tests"
    with pytest.raises(Refused, match="revocation-unknown"):
        NewestLists(trust, BEFORE).check(der, usage=Usage.SIGNING, at=BEFORE)


def test_what_a_newer_list_names_is_refused(tmp_path: Path) -> None:
    crl = authority().write_crl(tmp_path)
    crl.write_bytes(revoked_crl(identity().certificate.serial_number, authority()))
    with pytest.raises(Refused, match="certificate-revoked"):
        NewestLists(_trust(crl), NOW).check(identity().der, usage=Usage.SIGNING, at=BEFORE)


def test_the_page_names_every_behaviour() -> None:
    page = (Path(__file__).parents[3] / "docs" / "conformance.md").read_text("utf-8")
    section = page.partition("## A counterpart that listens")[2].partition("\n## ")[0]
    assert set(BEHAVIOURS) <= set(re.findall("`([a-z0-9-]+)(?:=[A-Z]+)?`", section))
