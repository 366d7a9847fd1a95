"""Every rule by which a message is refused: one table, one row a rule.

The step numbers are those of the message profile (docs/message-profile.md). ``fault`` is what the
sender sees; the texts are what a sender with fault detail sees, and what ``explain`` prints. They
never quote the message. ``Refused.found`` and ``Refused.wanted`` are for the refusal record only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from gateway.errors import GatewayError

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
FAULTS = "urn:juki-gateway:faults:1"


class Fault(Enum):
    """The faultcodes of the profile: prefix, namespace, local name."""

    CLIENT = ("soap", SOAP, "Client")
    SERVER = ("soap", SOAP, "Server")
    MUST_UNDERSTAND = ("soap", SOAP, "MustUnderstand")
    VERSION_MISMATCH = ("soap", SOAP, "VersionMismatch")
    INVALID_SECURITY = ("wsse", WSSE, "InvalidSecurity")
    UNSUPPORTED_ALGORITHM = ("wsse", WSSE, "UnsupportedAlgorithm")
    FAILED_CHECK = ("wsse", WSSE, "FailedCheck")
    FAILED_AUTHENTICATION = ("wsse", WSSE, "FailedAuthentication")
    INVALID_SECURITY_TOKEN = ("wsse", WSSE, "InvalidSecurityToken")
    MESSAGE_EXPIRED = ("wsu", WSU, "MessageExpired")
    INVALID_ADDRESSING_HEADER = ("wsa", WSA, "InvalidAddressingHeader")
    ACTION_NOT_SUPPORTED = ("wsa", WSA, "ActionNotSupported")
    ADDRESSING_HEADER_REQUIRED = ("wsa", WSA, "MessageAddressingHeaderRequired")
    NOT_PERMITTED = ("juki", FAULTS, "NotPermitted")
    DUPLICATE_MESSAGE = ("juki", FAULTS, "DuplicateMessage")
    BUSY = ("juki", FAULTS, "Busy")
    INVALID_REQUEST = ("juki", FAULTS, "InvalidRequest")

    @property
    def prefix(self) -> str:
        """The conventional prefix of the code's namespace."""
        return self.value[0]

    @property
    def namespace(self) -> str:
        """The namespace of the code."""
        return self.value[1]

    @property
    def local(self) -> str:
        """The local name of the code."""
        return self.value[2]

    def __str__(self) -> str:
        return f"{self.prefix}:{self.local}"


@dataclass(frozen=True)
class Rule:
    """One reason to refuse: stable ``name``, ``step`` of the profile, fault, texts, HTTP status."""

    name: str
    step: int
    fault: Fault
    en: str
    ja: str
    status: int = 500


_C, _S, _M, _V = Fault.CLIENT, Fault.SERVER, Fault.MUST_UNDERSTAND, Fault.VERSION_MISMATCH
_I, _U, _F = Fault.INVALID_SECURITY, Fault.UNSUPPORTED_ALGORITHM, Fault.FAILED_CHECK
_A, _T, _E = Fault.FAILED_AUTHENTICATION, Fault.INVALID_SECURITY_TOKEN, Fault.MESSAGE_EXPIRED
_W, _N, _R = Fault.INVALID_ADDRESSING_HEADER, Fault.ACTION_NOT_SUPPORTED, Fault.ADDRESSING_HEADER_REQUIRED
_P, _D, _B, _Q = Fault.NOT_PERMITTED, Fault.DUPLICATE_MESSAGE, Fault.BUSY, Fault.INVALID_REQUEST

_TABLE = (
    # Step 1: HTTP. Answered unsigned; 404 for a path that is no service.
    Rule("method", 1, _C, "Only POST carries a message here.", "メッセージはPOSTで送信してください。", 405),
    Rule("path", 1, _C, "No service has this path.", "このパスのサービスはありません。", 404),
    Rule("content-type", 1, _C, "Content-Type must be text/xml.", "Content-Typeはtext/xmlとしてください。", 415),
    Rule("charset", 1, _C, "The charset must be utf-8.", "charsetはutf-8としてください。", 415),
    Rule("content-encoding", 1, _C, "Content-Encoding is not accepted.", "Content-Encodingは使用できません。", 415),
    Rule("body-too-large", 1, _C, "The message is larger than this service takes.", "メッセージがこのサービスの上限を超えています。", 413),
    # Step 2: parse.
    Rule("foreign-bom", 2, _C, "The bytes begin with a byte order mark of another encoding.", "UTF-8以外のBOMで始まっています。"),
    Rule("not-utf8", 2, _C, "The bytes are not well-formed UTF-8.", "正しいUTF-8ではありません。"),
    Rule("xml-version", 2, _C, "The XML version must be 1.0.", "XMLのバージョンは1.0としてください。"),
    Rule("xml-encoding", 2, _C, "The XML declaration must name UTF-8 or no encoding.", "XML宣言のencodingはUTF-8としてください。"),
    Rule("doctype", 2, _C, "A DOCTYPE is not accepted.", "DOCTYPEは使用できません。"),
    Rule("comment", 2, _C, "Comments are not accepted.", "コメントは使用できません。"),
    Rule("processing-instruction", 2, _C, "Processing instructions are not accepted.", "処理命令は使用できません。"),
    Rule("not-well-formed", 2, _C, "The message is not well-formed XML.", "整形式のXMLではありません。"),
    Rule("inclusion", 2, _C, "XInclude and XOP are not accepted.", "XInclude・XOPは使用できません。"),
    Rule("relative-namespace", 2, _C, "Every namespace name must be an absolute URI.", "名前空間名は絶対URIとしてください。"),
    Rule("too-deep", 2, _C, "Elements are nested too deeply.", "要素の入れ子が深すぎます。"),
    Rule("too-many-elements", 2, _C, "The message has too many elements.", "要素の数が上限を超えています。"),
    Rule("too-many-attributes", 2, _C, "An element has too many attributes.", "一つの要素の属性の数が上限を超えています。"),
    Rule("too-many-namespaces", 2, _C, "An element declares too many namespaces.", "一つの要素の名前空間宣言の数が上限を超えています。"),
    Rule("too-many-namespaces-in-scope", 2, _C, "Too many namespaces are in scope at an element.", "有効な名前空間の数が上限を超えています。"),
    # Step 3: envelope shape.
    Rule("not-an-envelope", 3, _C, "The document element is not a SOAP Envelope.", "文書要素がSOAPのEnvelopeではありません。"),
    Rule("envelope-version", 3, _V, "The Envelope is not one of SOAP 1.1.", "SOAP 1.1のEnvelopeではありません。"),
    Rule("envelope-children", 3, _C, "The Envelope must hold exactly one Header and then one Body.", "Envelopeの子はHeader一つとBody一つ(この順)としてください。"),
    Rule("envelope-text", 3, _C, "Text stands where only elements may stand.", "要素のみが許される場所に文字があります。"),
    Rule("body-children", 3, _C, "The Body must hold exactly one element.", "Bodyの子要素は一つとしてください。"),
    Rule("header-not-understood", 3, _M, "A header that must be understood is not known here.", "mustUnderstandの付いた未知のヘッダーがあります。"),
    # Step 4: the Security header's exact content.
    Rule("security-missing", 4, _I, "There is no wsse:Security header for this receiver.", "この受信者宛てのwsse:Securityヘッダーがありません。"),
    Rule("security-doubled", 4, _I, "There is more than one wsse:Security header for this receiver.", "この受信者宛てのwsse:Securityヘッダーが複数あります。"),
    Rule("security-must-understand", 4, _I, 'The wsse:Security header must carry soap:mustUnderstand="1".', 'wsse:Securityにはsoap:mustUnderstand="1"を付けてください。'),
    Rule("security-children", 4, _I, "The wsse:Security header must hold one BinarySecurityToken, one Timestamp, one Signature and nothing else.", "wsse:Securityの子はBinarySecurityToken・Timestamp・Signature各一つのみとしてください。"),
    Rule("security-attributes", 4, _I, "An element of the security header carries an attribute that has no place there.", "セキュリティヘッダーの要素に許されない属性があります。"),
    Rule("security-text", 4, _I, "Text stands where only elements may stand in the security header.", "セキュリティヘッダー内の要素のみが許される場所に文字があります。"),
    Rule("token-type", 4, _I, "The BinarySecurityToken must be of type #X509v3, Base64.", "BinarySecurityTokenは#X509v3・Base64としてください。"),
    Rule("timestamp-children", 4, _I, "The Timestamp must hold Created and then Expires, once each.", "TimestampにはCreated・Expiresを一つずつこの順に置いてください。"),
    Rule("timestamp-format", 4, _I, "Created and Expires must be UTC instants (2026-01-31T12:34:56Z, with at most nine decimals).", "Created・ExpiresはUTCの日時(末尾Z、小数9桁以内)としてください。"),
    Rule("signature-children", 4, _I, "The Signature must hold SignedInfo, SignatureValue and KeyInfo, once each, in this order, and no Object.", "SignatureにはSignedInfo・SignatureValue・KeyInfoを一つずつこの順に置き、Objectは置かないでください。"),
    Rule("signed-info-children", 4, _I, "SignedInfo must hold CanonicalizationMethod, SignatureMethod and then References.", "SignedInfoにはCanonicalizationMethod・SignatureMethod・Referenceをこの順に置いてください。"),
    Rule("too-many-references", 4, _I, "The Signature has too many References.", "Referenceの数が上限を超えています。"),
    Rule("too-many-prefixes", 4, _I, "The PrefixLists name too many prefixes.", "PrefixListの接頭辞の数が上限を超えています。"),
    Rule("reference-children", 4, _I, "A Reference must hold Transforms, DigestMethod and DigestValue, once each, in this order.", "ReferenceにはTransforms・DigestMethod・DigestValueを一つずつこの順に置いてください。"),
    Rule("key-info-children", 4, _I, "KeyInfo must hold exactly one wsse:SecurityTokenReference with exactly one wsse:Reference.", "KeyInfoにはwsse:SecurityTokenReference一つ(その中にwsse:Reference一つ)のみを置いてください。"),
    Rule("id-doubled", 4, _I, "Two id attributes of the document have the same value.", "文書内に同じ値のid属性が複数あります。"),
    Rule("base64", 4, _I, "A value is not canonical Base64.", "正規のBase64ではない値があります。"),
    # Step 5: algorithms, against our own allow-list, before any engine sees the message.
    Rule("canonicalization-algorithm", 5, _U, "CanonicalizationMethod must be exclusive canonicalization without comments.", "CanonicalizationMethodは排他的正規化(コメントなし)としてください。"),
    Rule("signature-algorithm", 5, _U, "The SignatureMethod is not one that the profile allows.", "プロファイルで許可されていないSignatureMethodです。"),
    Rule("digest-algorithm", 5, _U, "A DigestMethod is not one that the profile allows.", "プロファイルで許可されていないDigestMethodです。"),
    Rule("transform-algorithm", 5, _U, "Each Reference must have exactly one transform, exclusive canonicalization.", "各Referenceの変換は排他的正規化一つのみとしてください。"),
    Rule("reference-uri", 5, _I, "Each Reference must point into the message as #id.", "ReferenceのURIは#idの形式としてください。"),
    Rule("key-reference", 5, _I, "KeyInfo must refer to the BinarySecurityToken of this message, by #id.", "KeyInfoはこのメッセージのBinarySecurityTokenを#idで参照してください。"),
    Rule("key-type", 5, _U, "The certificate's key is not RSA, P-256 or P-384.", "証明書の鍵がRSA・P-256・P-384ではありません。"),
    Rule("key-size", 5, _U, "The certificate's RSA key is shorter than 2048 bits.", "証明書のRSA鍵が2048ビット未満です。"),
    Rule("key-mismatch", 5, _U, "The SignatureMethod does not fit the certificate's key.", "SignatureMethodが証明書の鍵の種類と一致しません。"),
    # Step 6: what the References cover.
    Rule("reference-unresolved", 6, _F, "A Reference points to no element of the message.", "Referenceの参照先の要素がありません。"),
    Rule("reference-misplaced", 6, _F, "A Reference points to an element that stands where it has no meaning.", "Referenceの参照先が署名対象となる位置にありません。"),
    Rule("reference-doubled", 6, _F, "Two References point to the same element.", "同じ要素を指すReferenceが複数あります。"),
    Rule("body-unsigned", 6, _F, "The Body is not signed.", "Bodyが署名されていません。"),
    Rule("timestamp-unsigned", 6, _F, "The Timestamp is not signed.", "Timestampが署名されていません。"),
    Rule("token-unsigned", 6, _F, "The BinarySecurityToken is not signed.", "BinarySecurityTokenが署名されていません。"),
    Rule("addressing-unsigned", 6, _F, "A WS-Addressing header is not signed.", "WS-Addressingヘッダーが署名されていません。"),
    Rule("confirmation-unsigned", 6, _F, "A SignatureConfirmation is not signed.", "SignatureConfirmationが署名されていません。"),
    # Step 7: the certificate.
    Rule("token-unreadable", 7, _T, "The BinarySecurityToken is not an X.509 certificate.", "BinarySecurityTokenがX.509証明書ではありません。"),
    Rule("certificate-path", 7, _A, "No path leads from the certificate to a trusted anchor.", "証明書から信頼点への経路がありません。"),
    Rule("certificate-not-yet-valid", 7, _A, "The certificate is not valid yet.", "証明書の有効期間が始まっていません。"),
    Rule("certificate-expired", 7, _A, "The certificate has expired.", "証明書の有効期間が終了しています。"),
    Rule("certificate-is-ca", 7, _A, "The certificate is one of an authority.", "認証局の証明書です。"),
    Rule("certificate-key-usage", 7, _A, "The certificate's key usage is not digitalSignature.", "証明書のKeyUsageがdigitalSignatureではありません。"),
    Rule("certificate-extended-key-usage", 7, _A, "The certificate's extended key usage does not fit.", "証明書の拡張鍵用途が適合しません。"),
    Rule("certificate-revoked", 7, _A, "The certificate is revoked.", "証明書は失効しています。"),
    Rule("revocation-unknown", 7, _A, "Whether the certificate is revoked cannot be told: no usable CRL.", "失効の有無を確認できません(利用できるCRLがありません)。"),
    Rule("revocation-stale", 7, _A, "Whether the certificate is revoked cannot be told: the CRL is past its next update.", "失効の有無を確認できません(CRLの次回更新日時を過ぎています)。"),
    # Step 8: arithmetic.
    Rule("canonicalization-failed", 8, _F, "A signed part has no canonical form.", "署名対象を正規化できません。"),
    Rule("digest", 8, _F, "A digest does not match the signed part as received.", "受信した署名対象とダイジェスト値が一致しません。"),
    Rule("signature-value", 8, _F, "The signature value does not match SignedInfo and the certificate.", "署名値がSignedInfoと証明書に一致しません。"),
    Rule("engines-disagree", 8, _F, "The signature could not be confirmed.", "署名を確認できませんでした。"),
    # Step 9: time.
    Rule("timestamp-future", 9, _E, "Created lies in the future.", "Createdが未来の日時です。"),
    Rule("timestamp-expired", 9, _E, "The message has expired.", "メッセージの有効期限が過ぎています。"),
    Rule("timestamp-order", 9, _E, "Expires must be later than Created.", "ExpiresはCreatedより後としてください。"),
    Rule("timestamp-lifetime", 9, _E, "The lifetime from Created to Expires is too long.", "CreatedからExpiresまでの有効時間が長すぎます。"),
    # Step 10: WS-Addressing.
    Rule("addressing-missing", 10, _R, "wsa:To, wsa:Action and wsa:MessageID are required.", "wsa:To・wsa:Action・wsa:MessageIDは必須です。"),
    Rule("addressing-doubled", 10, _W, "A WS-Addressing header stands twice.", "同じWS-Addressingヘッダーが複数あります。"),
    Rule("addressing-value", 10, _W, "A WS-Addressing header has a value or an element that has no place there.", "WS-Addressingヘッダーの値または要素が正しくありません。"),
    Rule("message-id", 10, _W, "wsa:MessageID must be an absolute IRI of at most 256 characters.", "wsa:MessageIDは256文字以内の絶対IRIとしてください。"),
    Rule("reply-to", 10, _W, "wsa:ReplyTo, wsa:FaultTo and wsa:From must be absent or anonymous.", "wsa:ReplyTo・wsa:FaultTo・wsa:Fromは省略またはanonymousとしてください。"),
    Rule("to", 10, _W, "wsa:To is not an address of this service.", "wsa:Toがこのサービスのアドレスではありません。"),
    Rule("action", 10, _N, "wsa:Action is not one of this service.", "wsa:Actionがこのサービスの操作ではありません。"),
    Rule("soap-action", 10, _W, "The SOAPAction HTTP header differs from wsa:Action.", "HTTPのSOAPActionヘッダーがwsa:Actionと一致しません。"),
    Rule("action-body", 10, _W, "The Body's element is not the one that wsa:Action names.", "Bodyの要素がwsa:Actionの操作と一致しません。"),
    Rule("request-relates", 10, _W, "A request must carry neither wsa:RelatesTo nor SignatureConfirmation.", "要求にはwsa:RelatesTo・SignatureConfirmationを付けないでください。"),
    Rule("answer-relates", 10, _W, "The answer does not relate to the request that was sent.", "応答のwsa:RelatesToが送信した要求と一致しません。"),
    Rule("answer-confirmation", 10, _W, "The answer does not confirm the signature of the request that was sent.", "応答のSignatureConfirmationが送信した要求の署名と一致しません。"),
    Rule("answer-to", 10, _W, "The answer's wsa:To must be the anonymous address.", "応答のwsa:Toはanonymousとしてください。"),
    # Step 11: who may do what.
    Rule("sender-unknown", 11, _A, "The certificate belongs to no counterpart registered here.", "証明書が登録された相手方のものではありません。"),
    Rule("tls-missing", 11, _A, "The connection carries no client certificate.", "接続にクライアント証明書がありません。"),
    Rule("tls-untrusted", 11, _A, "The connection's client certificate is not acceptable.", "接続のクライアント証明書が受け入れられません。"),
    Rule("tls-other-counterpart", 11, _A, "The connection's certificate and the signature belong to different counterparts.", "接続の証明書と署名の証明書の相手方が異なります。"),
    Rule("answer-other-system", 11, _A, "The answer is signed by another system than the one that was asked.", "応答の署名者が要求先のシステムではありません。"),
    Rule("role", 11, _P, "This counterpart may not call this operation.", "この相手方はこの操作を呼び出せません。"),
    Rule("municipality", 11, _P, "The municipality named is not registered to this counterpart.", "指定された市町村コードがこの相手方に登録されていません。"),
    Rule("terminal", 11, _P, "The terminal named is not registered to this counterpart.", "指定された端末がこの相手方に登録されていません。"),
    Rule("operator", 11, _P, "The operator named is not registered to this counterpart.", "指定された操作者がこの相手方に登録されていません。"),
    Rule("purpose", 11, _P, "The purpose named is not registered to this counterpart.", "指定された利用目的がこの相手方に登録されていません。"),
    Rule("legal-basis", 11, _P, "The legal basis named is not registered to this counterpart.", "指定された根拠がこの相手方に登録されていません。"),
    # Step 12: the duplicate guard.
    Rule("replayed", 12, _D, "This very signed message was received before.", "同一の署名済みメッセージを既に受信しています。"),
    Rule("message-id-reused", 12, _D, "This MessageID was used before for other content.", "このMessageIDは別の内容で使用済みです。"),
    Rule("still-worked-on", 12, _B, "The first message with this MessageID is still being worked on.", "同じMessageIDの最初のメッセージを処理中です。"),
    Rule("guard-undecided", 12, _B, "Whether this message was received before cannot be told.", "このメッセージの重複の有無を判定できません。"),
    # Step 13: the Body against the contract.
    Rule("xsi", 13, _Q, "xsi:type, xsi:nil and schema locations are not accepted.", "xsi:type・xsi:nil・スキーマ位置の指定は使用できません。"),
    Rule("schema", 13, _Q, "The Body does not follow the schema of the operation.", "Bodyが操作のスキーマに適合しません。"),
    Rule("value", 13, _Q, "A value of the Body is not acceptable.", "Bodyの値が正しくありません。"),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.name: rule for rule in _TABLE}
"""Every rule by its name."""


class About(NamedTuple):
    """What of a message is known so far: for binding a fault to it, and for its refusal record.

    ``message_id`` and the times from step 4 on, ``signature_value`` (Base64 text) only once step 8 passed.
    ``chain`` holds subject, issuer (RFC 4514) and not-after of each certificate, the signer's first.
    """

    message_id: str | None = None
    signature_value: str | None = None
    created: datetime | None = None
    expires: datetime | None = None
    chain: tuple[tuple[str, str, datetime], ...] = ()


class Refused(GatewayError):
    """A message is refused by one rule.

    ``found`` and ``wanted`` say for the refusal record what was seen and what would have passed
    (digests, algorithm names, times, element paths; never a value of a person). ``where`` is an
    element path or part name that the sender may see when fault detail is on.
    """

    def __init__(self, rule: str, *, found: str = "", wanted: str = "", where: str = "") -> None:
        self.rule = RULES[rule]
        self.found = found
        self.wanted = wanted
        self.where = where
        self.about = About()
        super().__init__(f"step {self.rule.step}, {self.rule.name}" + (f" at {where}" if where else ""))
