"""Step 11, what a sender may name: its own municipality, and a prefectural server all of its prefecture;
inquiries name a legal basis of the sender's."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.access import Admission, Counterparts
from gateway.domain.inquiry import LegalBasis
from gateway.refusals import Refused
from gateway.settings import Counterpart, Operator
from tests.kit.changes import clerk
from tests.kit.refusal import check


def named(role: str, municipality: str | None, caller: str) -> None:
    trust: Any = None  # not asked
    sender = Counterpart(id="sender", role=role, municipality=municipality)  # type: ignore[arg-type] # by name
    Admission(trust, Counterparts([sender])).step_11_named(sender, clerk(caller))


@pytest.mark.parametrize(
    ("role", "municipality", "caller"),
    [
        ("municipal_cs", "131016", "131016"),
        ("national_server", None, "131016"),
        ("prefectural_server", "130001", "131016"),
        ("prefectural_server", "130001", "131041"),
    ],
)
def test_may_name(role: str, municipality: str | None, caller: str) -> None:
    named(role, municipality, caller)


@pytest.mark.parametrize(
    ("role", "municipality", "caller"),
    [
        ("municipal_cs", "131016", "131041"),
        ("prefectural_server", "130001", "141003"),
        ("prefectural_server", None, "131016"),
        ("municipal_cs", "130001", "131016"),
    ],
)
def test_may_not_name(role: str, municipality: str | None, caller: str) -> None:
    with pytest.raises(Refused) as caught:
        named(role, municipality, caller)
    rule = caught.value.rule
    check((rule.name, rule.step) == ("municipality", 11), f"refused by {rule.name}")


def inquires(bases: tuple[str, ...], role: str = "number_use_system") -> None:
    trust: Any = None  # not asked
    who = clerk()
    sender = Counterpart(
        id="sender",
        role=role,  # type: ignore[arg-type] # by name
        municipality=who.municipality.digits,
        terminals=(who.terminal,),
        operators=(
            Operator(verification_id=who.operator.verification_id, operator_id=who.operator.operator_id),
        ),
        purposes=(who.purpose.value,),
        legal_bases=bases,
    )
    admission = Admission(trust, Counterparts([sender]))
    admission.step_11_named(sender, who, LegalBasis.NUMBER_USE)


def test_an_inquiry_names_a_basis_that_is_registered() -> None:
    inquires(("listed_work", "number_use"))
    inquires((), role="municipal_cs")  # which vouches for its own


@pytest.mark.parametrize("bases", [(), ("resident_register", "listed_work")])
def test_any_other_basis_is_refused(bases: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as caught:
        inquires(bases)
    rule = caught.value.rule
    check((rule.name, rule.step) == ("legal-basis", 11), f"refused by {rule.name}")
