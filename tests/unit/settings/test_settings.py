"""gateway.toml: what is read, what is refused, and that its text explains every setting."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from gateway.errors import StateError
from gateway.settings import (
    Anchor,
    Counterpart,
    Destination,
    ExtendedKeyUsage,
    Operator,
    Settings,
    Simulator,
    Subject,
    System,
    load_settings,
    render_settings,
)
from gateway.settings.template import toml_value
from gateway.wss.profile import Limits as WssLimits

SUBJECT = Subject(anchor="a", issuer="CN=issuer", subject="CN=x")


def plain(**changes: Any) -> Settings:
    system = System(id="131016-cs", role="municipal_cs", name='千代田区 "市町村CS"', municipality="131016")
    return Settings(**{"system": system, **changes})


def full() -> Settings:
    return plain(
        anchors=(
            Anchor(
                name="a",
                certificate=Path("certificates/root.pem"),
                intermediates=(Path("certificates/issuing.pem"),),
                crls=(Path("certificates/root.crl.pem"),),
                extended_key_usage=ExtendedKeyUsage(tls_client="1.3.6.1.5.5.7.3.2"),
            ),
        ),
        counterparts=(
            Counterpart(
                id="t-1",
                role="integrated_terminal",
                municipality="131016",
                signing=(SUBJECT,),
                tls=(SUBJECT,),
                terminals=("T1",),
                operators=(Operator(verification_id="V1", operator_id="O1"),),
                purposes=("record_copy",),
                fault_detail=True,
            ),
        ),
        destinations=(Destination(id="t-1", url="https://127.0.0.1:1/", deadline_seconds=2.5),),
    )


def write(folder: Path, text: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("settings", [plain(), full()])
def test_rendered_settings_read_back_as_the_same(tmp_path: Path, settings: Settings) -> None:
    assert load_settings(write(tmp_path, render_settings(settings))) == settings


def test_simulator_settings_read_back_as_the_same(tmp_path: Path) -> None:
    system = System(id="national-server", role="national_server", name="全国サーバ")
    settings = Settings(system=system, simulator=Simulator())
    assert load_settings(write(tmp_path, render_settings(settings))) == settings


def fields_of(model: type[BaseModel]) -> dict[str, str]:
    """Every field of the model and of the models in it, with its description."""
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        found[f"{model.__name__}.{name}"] = field.description or ""
        for part in re.findall(r"gateway\.settings\.\w+\.(\w+)", str(field.annotation)):
            import gateway.settings as package

            found |= fields_of(getattr(package, part))
    return found


@pytest.mark.parametrize("settings", [plain(), full()])
def test_every_setting_stands_in_the_file_with_its_explanation(settings: Settings) -> None:
    text = render_settings(settings)
    # Comments as one run of words, since an explanation is wrapped over several lines.
    words = re.sub(r"\n#\s*", " ", text)
    descriptions = fields_of(Settings)
    assert len(descriptions) > 80
    for field, description in descriptions.items():
        name = field.split(".")[1]
        assert description, field
        assert description in words, field
        assert re.search(rf"(?m)^(# ?)?{name} = |^(# ?)?\[{{1,2}}{name}\]|^#\s+{name}: ", text), field


def test_every_duration_and_size_names_its_unit() -> None:
    for field, description in fields_of(Settings).items():
        name = field.split(".")[1]
        for ending, unit in (("_seconds", "in seconds"), ("_days", "in days"), ("_bytes", "in bytes")):
            if name.endswith(ending):
                assert unit in description, field


def test_defaults_of_limits_are_those_of_the_message_profile() -> None:
    ours, theirs = plain().limits, WssLimits()
    for name in (
        "body_bytes", "depth", "elements", "attributes", "namespaces_per_element",
        "namespaces_in_scope", "references", "prefixes",
    ):  # fmt: skip
        assert getattr(ours, name) == getattr(theirs, name), name
    assert (ours.headers, ours.header_bytes) == (64, 32 * 1024)
    assert (ours.handshake_seconds, ours.headers_seconds, ours.body_seconds, ours.answer_seconds) == (
        5,
        5,
        20,
        20,
    )
    assert (ours.connection_seconds, ours.connections) == (300, 1024)
    assert (ours.requests_per_counterpart, ours.connections_per_counterpart) == (64, 384)
    assert (plain().profile.max_lifetime_seconds, plain().profile.skew_seconds) == (600, 60)
    assert (plain().guard.question_seconds, plain().guard.change_days) == (3600, 90)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        plain().listen.port = 1  # type: ignore[misc]


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, render_settings(plain()))
    monkeypatch.setenv("JUKI_GATEWAY__LISTEN__PORT", "8443")
    assert load_settings(file).listen.port == 8443
    assert load_settings(file).listen.threads == plain().listen.threads
    assert load_settings(file, with_environment=False).listen.port == 0


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("JUKI_GATEWAY__LISTENING__PORT", "1", "there is no setting 'listening'"),
        ("JUKI_GATEWAY__LISTEN__PROT", "1", "listen.prot: "),
        ("JUKI_GATEWAY__LISTEN__PORT", "many", "listen.port: "),
        ("JUKI_GATEWAY__COUNTERPARTS", "[", "cannot be read"),
    ],
)
def test_a_wrong_environment_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, wanted: str
) -> None:
    file = write(tmp_path, render_settings(plain()))
    monkeypatch.setenv(variable, value)
    with pytest.raises(StateError, match=re.escape(wanted)):
        load_settings(file)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("port = 0", "port = 65536", "listen.port: "),
        ("port = 0", "prot = 0", "listen.prot: "),
        ("version = 1", "version = 2", "version: "),
        ('mode = "production"', 'mode = "testing"', "mode: "),
        ('role = "municipal_cs"', 'role = "todofuken"', "system.role: "),
        ('municipality = "131016"', 'municipality = "13101"', "system.municipality: "),
        ('url = "https://127.0.0.1:1/"', 'url = "https://127.0.0.1:1/x"', "destinations.0.url: "),
        ('id = "t-1"\n# Its base', 'id = "t-2"\n# Its base', "no counterpart has the id 't-2'"),
        ("deadline_seconds = 2.5", "deadline_seconds = 0", "destinations.0.deadline_seconds: "),
        ('name = "a"', 'name = "b"', "no anchor is named 'a'"),
        ('tls_key = "keys/tls.key.pem"', 'tls_key = "keys/signing.key.pem"', "credentials: signing_key"),
        ("offset_seconds = 0", "offset_seconds = -1", "clock.offset_seconds: "),
        ("depth = 64", "depth = 0", "limits.depth: "),
        ('revocation = "crl"', 'revocation = "ocsp"', "anchors.0.revocation: "),
    ],
)
def test_a_wrong_file_is_refused_and_names_the_setting(
    tmp_path: Path, old: str, new: str, wanted: str
) -> None:
    text = render_settings(full())
    assert text.count(old) >= 1, old
    file = write(tmp_path, text.replace(old, new, 1))
    with pytest.raises(StateError, match=re.escape(wanted)) as refused:
        load_settings(file)
    assert str(file) in str(refused.value)


def test_a_file_that_is_no_toml_is_refused_with_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"line 2, column \d+"):
        load_settings(write(tmp_path, "version = 1\nmode production\n"))


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="there is no such file"):
        load_settings(tmp_path / "gateway.toml")
    (tmp_path / "gateway.toml").write_bytes(b"version = '\xff'")
    with pytest.raises(StateError, match="is not UTF-8"):
        load_settings(tmp_path / "gateway.toml")


def test_a_refusal_never_quotes_the_value(tmp_path: Path) -> None:
    file = write(tmp_path, render_settings(plain()).replace('id = "131016-cs"', 'id = "Secret Value"'))
    with pytest.raises(StateError) as refused:
        load_settings(file)
    assert "Secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"simulator": Simulator()}, "is not one that is simulated"),
        ({"anchors": full().anchors * 2}, "'a' stands twice"),
        ({"counterparts": full().counterparts * 2, "anchors": full().anchors}, "'t-1' stands twice"),
    ],
)
def test_parts_that_do_not_fit_together(changes: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ValidationError, match=wanted):
        plain(**changes)


def test_a_certificate_holder_belongs_to_one_counterpart() -> None:
    one = full().counterparts[0]
    other = one.model_copy(update={"id": "t-2"})
    with pytest.raises(ValidationError, match="already belongs to 't-1'"):
        plain(anchors=full().anchors, counterparts=(one, other))


def test_plain_http_stays_on_loopback() -> None:
    for host, good in (("127.0.0.1", True), ("0.0.0.0", False)):  # noqa: S104  # it is refused
        listen = plain().listen.model_copy(update={"plain_http": True, "host": host})
        if good:
            assert plain(listen=listen).listen.plain_http
        else:
            with pytest.raises(ValidationError, match="loopback"):
                plain(listen=listen)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_toml(text: str) -> None:
    assert tomllib.loads(f"x = {toml_value(text)}") == {"x": text}


@given(st.one_of(st.booleans(), st.integers(0, 10**9), st.floats(0.001, 3600)))
def test_any_number_survives_toml(value: float) -> None:
    assert tomllib.loads(f"x = {toml_value(value)}") == {"x": value}
