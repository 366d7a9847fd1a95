"""One Endpoint with all its real parts in this process: who asks and by which certificate is up to the test.

The counterparts are of the tests' own authority (tests.kit.identities), the clock stands still at NOW.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from gateway.access import Admission, Counterparts
from gateway.clock import FixedClock
from gateway.contract import SERVICES
from gateway.domain.verification import IdentityQuestion, NationalAnswer
from gateway.settings import Counterpart, Operator, Subject
from gateway.store import RefusalRecord, Store
from gateway.telemetry import Alarms
from gateway.transport.call import Binding
from gateway.transport.endpoint import Endpoint
from gateway.transport.http import HttpAnswer, HttpRequest
from gateway.transport.pages import Pages
from gateway.transport.rates import Rates
from gateway.transport.readiness import Readiness
from gateway.transport.replies import Replies
from gateway.transport.working import Keeping
from gateway.trust import Anchor, FileSigner, TrustStore
from gateway.wss.profile import Limits, Profile
from gateway.wss.verify import AnswerContext, VerifiedMessage, Verifier
from tests.kit import questions, replies
from tests.kit.identities import NOW, Identity, TestAuthority, authority
from tests.kit.messages import Draft, good_request
from tests.kit.refusal import check

BASE = "https://127.0.0.1:8443"
TERMINAL, NATIONAL = SERVICES["terminal"], SERVICES["national"]
OPERATORS = (Operator(verification_id="V-0001", operator_id="O-01"),)
SECRET = "試験"  # part of the name in tests.kit.questions: no fault and no record may tell it


def signer_of(name: str, kind: str = "P-256") -> Identity:
    """The signing identity of a counterpart."""
    return authority().identity(kind, name)


def tls_of(name: str) -> Identity:
    """The TLS identity of a counterpart."""
    return authority().identity("P-256", f"{name} TLS")


def subject(identity: Identity) -> Subject:
    """The holder of a certificate of the tests' authority."""
    certificate = identity.certificate
    return Subject(
        anchor="tests",
        issuer=certificate.issuer.rfc4514_string(),
        subject=certificate.subject.rfc4514_string(),
    )


def counterpart(name: str, role: str = "integrated_terminal", **changes: Any) -> Counterpart:
    """A registered counterpart, good for the questions of tests.kit.questions unless changed."""
    registered: dict[str, Any] = {
        "municipality": "131016",
        "terminals": ("131016-terminal-1",),
        "operators": OPERATORS,
        "purposes": ("record_copy",),
        "fault_detail": True,
        "signing": (subject(signer_of(name)),),
        "tls": (subject(tls_of(name)),),
    }
    return Counterpart(id=name, role=role, **{**registered, **changes})  # type: ignore[arg-type] # a role by name


COUNTERPARTS: Callable[[], tuple[Counterpart, ...]] = lambda: (  # noqa: E731 - made when first asked for
    counterpart("terminal-1"),
    counterpart("terminal-quiet", fault_detail=False),
    counterpart("terminal-elsewhere", municipality="141003", municipalities=()),
    counterpart("terminal-branch", municipality="141003", municipalities=("131016",)),
    counterpart("terminal-few", terminals=("131016-terminal-2",)),
    counterpart("terminal-staff", operators=(Operator(verification_id="V-0001", operator_id="O-02"),)),
    counterpart("terminal-other", purposes=("move_in",)),
    counterpart("records-1", role="resident_record_system"),
    counterpart("cs-1", role="municipal_cs", terminals=(), operators=(), purposes=()),
    counterpart("cs-2", role="municipal_cs", municipality="141003"),
)


def revoked_crl(serial: int, of: TestAuthority) -> bytes:
    """A CRL of the authority, newer than its first, that names one certificate."""
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW).build()
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(of.name)
        .last_update(NOW - timedelta(hours=1))
        .next_update(NOW + timedelta(days=30))
        .add_revoked_certificate(entry)
        .add_extension(x509.CRLNumber(2), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(of.key.public_key()), critical=False
        )
        .sign(of.key, hashes.SHA256())
    )
    return crl.public_bytes(Encoding.PEM)


@dataclass
class Door:
    """The endpoint, and what is needed to judge its answers."""

    endpoint: Endpoint
    store: Store
    trust: TrustStore
    asked: list[IdentityQuestion]
    """Every question that reached the use case."""
    handlers: dict[str, Callable[[IdentityQuestion], Any]]
    """Use cases by service that stand in for the good ones."""

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        plain_http: bool = False,
        revoked: Identity | None = None,
        gateway_key: str = "P-256",
        more: Callable[[Store, FixedClock, TrustStore], Iterable[Binding]] = lambda *_: (),
        stays_here: bool = False,
    ) -> Door:
        """An endpoint over a fresh store in ``folder``; ``revoked`` is an identity that the CRL names.

        ``more`` gives further services than those of the questions. ``stays_here`` is what the terminal's
        use case says of itself: its answers may share a commit.
        """
        issuer = authority()
        crl = issuer.write_crl(folder)
        if revoked is not None:
            crl.write_bytes(revoked_crl(revoked.certificate.serial_number, issuer))
        trust = TrustStore([Anchor(name="tests", certificate=issuer.certificate, crl_files=(crl,))])
        clock = FixedClock(NOW)
        store = Store.open(folder, clock=clock, upgrade=True)
        asked: list[IdentityQuestion] = []

        handlers: dict[str, Callable[[IdentityQuestion], Any]] = {}

        def terminal(question: IdentityQuestion) -> Any:
            asked.append(question)
            return handlers.get("terminal", lambda _: questions.ANSWER)(question)

        terminal.stays_here = lambda _question: stays_here  # type: ignore[attr-defined] # as a use case has it

        def national(question: IdentityQuestion) -> Any:
            asked.append(question)
            good = NationalAnswer(questions.ANSWER, question.key)
            return handlers.get("national", lambda _: good)(question)

        bindings = {
            service.path: Binding(
                service, frozenset({BASE + service.path}), {"VerifyIdentity": handler}, timedelta(seconds=1)
            )
            for service, handler in ((TERMINAL, terminal), (NATIONAL, national))
        }
        bindings.update({binding.service.path: binding for binding in more(store, clock, trust)})
        alarms = Alarms(folder)
        readiness = Readiness(store, trust, clock, folder, alarms, skew=timedelta(days=1))
        endpoint = Endpoint(
            bindings=bindings,
            pages=Pages(
                {path: (binding.service, BASE + path) for path, binding in bindings.items()},
                readiness.reasons,
            ),
            admission=Admission(trust, Counterparts(COUNTERPARTS()), plain_http=plain_http),
            # Wider than the services: the bound of step 1 is the one that speaks.
            verifier=Verifier(trust, Profile(Limits(body_bytes=2 * TERMINAL.body_bytes))),
            replies=Replies(_file_signer(folder, signer_of("the gateway", gateway_key)), clock),
            store=store,
            clock=clock,
            keeping=Keeping(),
            readiness=readiness,
            rates=Rates(1_000_000, 1),
            alarms=alarms,
        )
        return cls(endpoint, store, trust, asked, handlers)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def record(self, reference: str | None) -> RefusalRecord:
        """The refusal record behind a fault's reference."""
        found = self.store.refusals.find(reference or "")
        if found is None:
            raise AssertionError(f"no refusal record {reference}")
        return found

    def post(self, raw: bytes, tls: Identity | None, **changes: Any) -> HttpAnswer:
        """The answer to a POST at the terminal's service; ``changes`` are other fields of HttpRequest.

        ``headers`` replaces single headers by name; None takes one away.
        """
        headers: dict[str, str | None] = {
            "host": "127.0.0.1:8443",
            "content-type": "text/xml; charset=utf-8",
            "soapaction": f'"{TERMINAL.operation("VerifyIdentity").action}"',
            **changes.pop("headers", {}),
        }
        fields: dict[str, Any] = {
            "method": "POST",
            "path": TERMINAL.path,
            "query": "",
            "headers": tuple((name, value) for name, value in headers.items() if value is not None),
            "body": raw,
            "peer_certificate": None if tls is None else tls.der,
            "peer_address": "127.0.0.1",
            **changes,
        }
        return self.endpoint(HttpRequest(**fields))

    def refused(
        self,
        answer: HttpAnswer,
        rule: str,
        fault: str,
        *,
        status: int = 500,
        request: Draft | None = None,
        detail: bool = True,
    ) -> RefusalRecord:
        """The answer must be the fault of exactly this rule; ``request`` is what a signed one is bound to.

        Without ``request`` the fault must be unsigned. With ``detail`` it tells step and reasons, without it
        code and reference only.
        """
        seen = replies.read(answer.body)
        record = self.record(seen.reference)
        local = fault.partition(":")[2]
        check(record.rule == rule, f"refused by {record.rule}, wanted {rule}; found {record.found!r}")
        check((answer.status, seen.fault, seen.code) == (status, fault, local), f"{answer.status}, {seen}")
        check(answer.content_type == "text/xml; charset=utf-8", answer.content_type)
        check(SECRET not in answer.body.decode() + repr(record), "a name of the message is told")
        if detail:
            check(seen.step == record.step, f"step {seen.step} is told, {record.step} on record")
            check(set(seen.reasons) == {"ja", "en"}, f"reasons in {set(seen.reasons)}")
        else:
            check(seen.children == ("code", "reference"), f"told {seen.children}")
        if request is None:
            check(not seen.signed, "the fault is signed")
            check((seen.relates_to, seen.confirms, seen.action) == (None, None, None), "an unsigned header")
        else:
            message = self.verified(answer.body, request)
            check(message.is_fault and message.bound, "the fault is not bound to the request")
            check(record.message_id == seen.relates_to, f"{record.message_id} is on record")
        return record

    def verified(self, raw: bytes, request: Draft) -> VerifiedMessage:
        """The signed answer to ``request``, verified; raises Refused when it is not."""
        operation = TERMINAL.operation("VerifyIdentity")
        expected = AnswerContext(
            request.header.one("MessageID").text,
            request.signature_value,
            {operation.answer_action: operation.response},
        )
        return Verifier(self.trust).answer(raw, expected, NOW)


def question(
    name: str = "terminal-1",
    *,
    identity: Identity | None = None,
    body: bytes | None = None,
    service: Any = TERMINAL,
    message_id: str | None = None,
    **changes: Any,
) -> Draft:
    """A good question of a counterpart, signed, with a MessageID of its own."""
    content = etree.tostring(questions.element(service=service)) if body is None else body
    values: dict[str, Any] = {
        "body": content.decode(),
        "to": BASE + service.path,
        "action": service.operation("VerifyIdentity").action,
        "message_id": message_id or f"urn:uuid:{uuid.uuid4()}",
    }
    return good_request(identity or signer_of(name), **{**values, **changes})


def _file_signer(folder: Path, identity: Identity) -> FileSigner:
    key, certificate = folder / "signing.key.pem", folder / "signing.pem"
    key.write_bytes(identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key.chmod(0o600)
    certificate.write_bytes(identity.certificate.public_bytes(Encoding.PEM))
    return FileSigner.load(key, certificate)
