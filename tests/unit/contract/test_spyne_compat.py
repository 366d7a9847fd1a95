"""The import shim for newer Pythons, exercised part by part (the suite itself runs on 3.11)."""

from __future__ import annotations

import logging

import six.moves.urllib.parse

from gateway.contract import _spyne_compat


def test_the_finder_answers_for_spynes_six_moves_only() -> None:
    finder = _spyne_compat._SixMoves()
    for name in ("spyne", "spyne.util.six", "spyne.util.six.movesx", "six.moves"):
        assert finder.find_spec(name, None) is None
    for name in ("spyne.util.six.moves", "spyne.util.six.moves.urllib.parse"):
        spec = finder.find_spec(name, None)
        assert spec is not None
        assert spec.loader is finder
        module = finder.create_module(spec)
        finder.exec_module(module)
        assert module.__name__.startswith("six.moves")
    spec = finder.find_spec("spyne.util.six.moves.urllib.parse", None)
    assert spec is not None
    assert finder.create_module(spec).urljoin is six.moves.urllib.parse.urljoin  # type: ignore[attr-defined]


def test_the_header_parser_does_what_cgi_did() -> None:
    line = 'multipart/related; boundary="a;b"; type=text/xml'
    assert _spyne_compat._parse_header(line) == ("multipart/related", {"boundary": "a;b", "type": "text/xml"})
    assert _spyne_compat._parse_header("text/xml") == ("text/xml", {})


def test_spyne_is_kept_quiet() -> None:
    _spyne_compat.install()
    assert logging.getLogger("spyne.protocol.xml").getEffectiveLevel() >= logging.WARNING
