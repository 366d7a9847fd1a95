"""What a client tells of a fault: code, reference and reasons, each once."""

from __future__ import annotations

from lxml import etree

from clients._faults import read_fault

FAULT = """
<soap:Fault xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:juki="urn:juki-gateway:faults:1">
  <faultcode>juki:Busy</faultcode><faultstring>Later.</faultstring>
  <detail>{}</detail>
</soap:Fault>"""
REFUSAL = """<juki:Refusal><juki:code>Busy</juki:code><juki:reference>0a</juki:reference>
  <juki:reason>後ほど。</juki:reason><juki:reason>Later.</juki:reason></juki:Refusal>"""


def test_a_fault_of_ours_says_everything_once() -> None:
    error = read_fault(etree.fromstring(FAULT.format(REFUSAL)), "bound")
    assert (error.code, error.reference, error.text) == ("Busy", "0a", "Later. / 後ほど。")
    assert str(error) == "bound fault Busy: Later. / 後ほど。 (reference 0a)"


def test_a_fault_of_another_product_is_told_by_its_faultcode() -> None:
    error = read_fault(etree.fromstring(FAULT.format("")), "unauthenticated")
    assert (error.code, error.reference, error.text) == ("Busy", None, "Later.")
