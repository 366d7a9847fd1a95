"""Why messages do not verify: every cause that a diagnosis can name, and what to change in the sender.

``Cause.code`` is stable. The texts are for people; they never quote the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: what happened, and how to mend it, in English and Japanese."""

    code: str
    en: str
    ja: str
    mend_en: str
    mend_ja: str


_TABLE: Final = (
    # What was digested or signed is not what stands in the message: how it was made another.
    Cause(
        "pretty-printed",
        "White space was put between elements after signing.",
        "署名後に要素間へ空白・改行が挿入されています(整形出力)。",
        "Send the very bytes that were signed; switch indentation off in whatever serialises the message.",
        "署名したバイト列をそのまま送信し、シリアライズ時のインデントを無効にしてください。",
    ),
    Cause(
        "white-space-removed",
        "White space between elements was removed after signing.",
        "署名後に要素間の空白・改行が削除されています。",
        "Send the very bytes that were signed; sign what has no indentation in the first place.",
        "署名したバイト列をそのまま送信してください。整形していない状態で署名することを推奨します。",
    ),
    Cause(
        "text-trimmed",
        "White space at the ends of a text was removed after signing.",
        "署名後に文字列の前後の空白が削除されています。",
        "Trim values before the message is signed, not after.",
        "値の空白除去は署名前に行ってください。",
    ),
    Cause(
        "line-ends",
        "Line ends were changed after signing (CR LF and LF).",
        "署名後に改行コード(CRLFとLF)が変換されています。",
        "Sign text with LF only, and transport the message as bytes, never as text.",
        "改行はLFのみで署名し、メッセージはテキストではなくバイト列として扱ってください。",
    ),
    Cause(
        "inclusive-form",
        "Inclusive canonicalisation was used, but exclusive is declared.",
        "排他的正規化と宣言されていますが、包含的正規化(Inclusive C14N)で計算されています。",
        "Compute with http://www.w3.org/2001/10/xml-exc-c14n#, as the Transform says.",
        "Transformの宣言どおり http://www.w3.org/2001/10/xml-exc-c14n# で計算してください。",
    ),
    Cause(
        "prefix-list-missing",
        "A PrefixList was used that the message does not declare.",
        "計算に使用されたPrefixListがメッセージに記載されていません。",
        "Write ec:InclusiveNamespaces with the PrefixList into the Transform, or use none.",
        "Transformにec:InclusiveNamespacesのPrefixListを記載するか、使用しないでください。",
    ),
    Cause(
        "prefix-list-ignored",
        "The declared PrefixList was not used.",
        "宣言されたPrefixListが計算に使用されていません。",
        "Leave ec:InclusiveNamespaces out, or hand its PrefixList to the canonicaliser.",
        "ec:InclusiveNamespacesを記載しないか、PrefixListを正規化処理に渡してください。",
    ),
    Cause(
        "prefix-changed",
        "A namespace prefix was changed after signing.",
        "署名後に名前空間接頭辞が変更されています。",
        "Nothing may serialise the message anew after signing; canonical XML keeps prefixes.",
        "署名後に再シリアライズしないでください。正規化XMLでは接頭辞も署名対象です。",
    ),
    Cause(
        "not-canonical",
        "The bytes were taken as they stand, without canonicalisation.",
        "正規化せず、そのままのバイト列で計算されています。",
        "Canonicalise the element (exclusive, without comments) and digest the result.",
        "要素を排他的正規化(コメントなし)した結果に対して計算してください。",
    ),
    Cause(
        "other-encoding",
        "The text was digested in another character encoding than UTF-8.",
        "UTF-8以外の文字コードで計算されています。",
        "Canonical XML is UTF-8 by definition; encode the canonical form as UTF-8 before digesting.",
        "正規化XMLは必ずUTF-8です。UTF-8のバイト列に対して計算してください。",
    ),
    Cause(
        "mis-decoded",
        "The text was re-encoded after signing: UTF-8 read as another encoding.",
        "署名後に文字化け(UTF-8を別の文字コードとして再変換)しています。",
        "Treat the signed message as bytes; never decode and encode it with a default encoding.",
        "署名済みメッセージはバイト列として扱い、既定の文字コードで変換しないでください。",
    ),
    Cause(
        "escaped-twice",
        "Characters were escaped once more after signing (&amp;lt; for &lt;).",
        "署名後に文字参照が二重にエスケープされています。",
        "Put the signed XML into the request as it is; do not pass it through an escaping function.",
        "署名済みXMLをエスケープ処理に通さず、そのまま送信してください。",
    ),
    Cause(
        "windows-31j",
        "Characters were exchanged as Windows-31J and JIS map them differently (such as U+301C and U+FF5E).",
        "署名後にWindows-31JとJISの対応差による文字(波ダッシュU+301C・U+FF5E等)が置き換わっています。",
        "Convert to Unicode once, before signing, with one table (Windows-31J or JIS) everywhere.",
        "Unicodeへの変換は署名前に一度だけ、同一の対応表で行ってください。",
    ),
    Cause(
        "normalised",
        "The text was brought into another Unicode normalisation form after signing.",
        "署名後にUnicode正規化(NFC・NFD・NFKC)が行われています。",
        "Do not normalise after signing; names must keep their characters as they are registered.",
        "署名後に正規化しないでください。氏名の文字は登録どおりに保つ必要があります。",
    ),
    Cause(
        "id-added",
        "The wsu:Id was added after the element was digested.",
        "ダイジェスト計算後にwsu:Idが付加されています。",
        "Give the element its wsu:Id first, then canonicalise and digest it.",
        "先にwsu:Idを付け、その後に正規化とダイジェスト計算を行ってください。",
    ),
    Cause(
        "content-only",
        "Only the content of the element was digested, not the element itself.",
        "要素自体ではなく、その内容のみで計算されています。",
        "Digest the whole element, from its start tag to its end tag.",
        "開始タグから終了タグまで、要素全体を対象にしてください。",
    ),
    Cause(
        "other-element",
        "The digest is that of another element of the message: the Reference points to the wrong Id.",
        "別の要素のダイジェスト値です(ReferenceのURIの指定誤り)。",
        "Let URI name the wsu:Id of the element that was digested.",
        "URIには、計算対象の要素のwsu:Idを指定してください。",
    ),
    Cause(
        "other-digest",
        "The digest was made with another algorithm than DigestMethod names.",
        "DigestMethodの宣言と異なるアルゴリズムで計算されています。",
        "Let DigestMethod name the algorithm that is really used: SHA-256, SHA-384 or SHA-512.",
        "DigestMethodには実際に使用したアルゴリズム(SHA-256・SHA-384・SHA-512)を記載してください。",
    ),
    Cause(
        "hexadecimal",
        "The value is hexadecimal text put into Base64.",
        "16進文字列をBase64にした値です。",
        "Encode the raw bytes in Base64, not their hexadecimal text.",
        "16進文字列ではなく、バイト列をBase64にしてください。",
    ),
    Cause(
        "changed-after",
        "The part is not what was digested, and no known way of damage explains it: its content was changed.",
        "計算時の内容と異なります。既知の変換では説明できず、内容が変更されています。",
        "Compare the canonical bytes with those of your stack; let nothing touch the message after signing.",
        "正規化バイト列を送信側のものと比較し、署名後に内容を変更しないでください。",
    ),
    # The signature value.
    Cause(
        "der-value",
        "The ECDSA value is in DER; XML Signature wants r and s side by side.",
        "ECDSAの署名値がDER形式です。XML署名ではrとsの連結が必要です。",
        "Convert it to r and s, 32 bytes each for P-256, 48 for P-384 (Java: SHA256withECDSAinP1363Format).",
        "DERをr・s各固定長(P-256は32バイト、P-384は48バイト)の連結に変換してください(JavaではSHA256withECDSAinP1363Format)。",
    ),
    Cause(
        "other-hash",
        "The signature value was made with another hash than SignatureMethod names.",
        "SignatureMethodの宣言と異なるハッシュで署名されています。",
        "Let SignatureMethod name the algorithm that is really used.",
        "SignatureMethodには実際に使用したアルゴリズムを記載してください。",
    ),
    Cause(
        "other-padding",
        "The RSA padding differs from the one that SignatureMethod names (PKCS #1 v1.5 or PSS).",
        "RSAのパディング(PKCS #1 v1.5・PSS)がSignatureMethodの宣言と異なります。",
        "Use the padding that SignatureMethod names; for PSS, MGF1 and a salt as long as the hash.",
        "SignatureMethodの宣言どおりのパディングを使用してください(PSSのソルト長はハッシュ長)。",
    ),
    Cause(
        "digest-signed",
        "The hash of SignedInfo was signed as if it were the data: it was hashed twice.",
        "SignedInfoのハッシュ値をデータとして署名しています(二重ハッシュ)。",
        "Hand the canonical SignedInfo itself to the signing function, which hashes it.",
        "署名関数には正規化したSignedInfo自体を渡してください(関数内でハッシュされます)。",
    ),
    Cause(
        "byte-order",
        "The bytes of the signature value are in reverse order.",
        "署名値のバイト順が逆です。",
        "Reverse the value: Windows CryptoAPI gives it little-endian.",
        "バイト順を反転してください(WindowsのCryptoAPIはリトルエンディアンです)。",
    ),
    Cause(
        "other-key",
        "The signature was made with another key than the certificate's in the message.",
        "メッセージ中の証明書と異なる鍵で署名されています。",
        "Send the certificate of the signing key as BinarySecurityToken.",
        "署名鍵に対応する証明書をBinarySecurityTokenとして送信してください。",
    ),
    Cause(
        "signed-info-changed",
        "The key is the certificate's, but SignedInfo is not what was signed: it was changed afterwards.",
        "鍵は証明書のものですが、SignedInfoが署名後に変更されています。",
        "Fill in every digest, then canonicalise and sign SignedInfo, then change nothing in it.",
        "すべてのダイジェスト値を設定してからSignedInfoを正規化・署名し、以後変更しないでください。",
    ),
    Cause(
        "value-unexplained",
        "The signature value fits neither SignedInfo nor any other key known here.",
        "署名値がSignedInfoにも既知の鍵にも一致しません。",
        "Check that the key is the certificate's, and compare the canonical SignedInfo with yours.",
        "鍵と証明書の対応を確認し、正規化SignedInfoを送信側のものと比較してください。",
    ),
    # Clocks.
    Cause(
        "local-time",
        "The times are local Japanese time written as UTC: they are nine hours off.",
        "日本時間がUTC(末尾Z)として記載されています(9時間のずれ)。",
        "Convert to UTC before formatting (Java: Instant; .NET: DateTime.UtcNow).",
        "UTCに変換してから書式化してください(JavaではInstant、.NETではDateTime.UtcNow)。",
    ),
    Cause(
        "clock",
        "The sender's clock differs from ours by more than the profile allows.",
        "送信側の時計がプロファイルの許容範囲を超えてずれています。",
        "Synchronise the sender's clock by NTP.",
        "送信側の時計をNTPで同期してください。",
    ),
    Cause(
        "sent-late",
        "The message was sent, or sent again, after it had expired.",
        "有効期限が過ぎてから送信(再送)されています。",
        "Make Timestamp and signature anew for every attempt; keep the MessageID.",
        "送信のたびにTimestampと署名を作り直してください(MessageIDは同じまま)。",
    ),
    # A stack as it comes, without the settings that the profile needs.
    Cause(
        "node-soap-defaults",
        "This is node-soap as it comes: Ids without namespace, enveloped-signature, wsa headers not signed.",
        "node-soapの既定値です(名前空間のないId、enveloped-signature、wsaヘッダー未署名)。",
        "WSSecurityCert options: signerOptions.idMode 'wssecurity', signatureTransformations of exclusive "
        "canonicalisation only, additionalReferences with the wsa headers.",
        "WSSecurityCertのsignerOptions.idModeを'wssecurity'、signatureTransformationsを排他的正規化のみとし、"
        "additionalReferencesにwsaヘッダーを加えてください。",
    ),
    Cause(
        "zeep-defaults",
        "This is zeep's own wsse module: it signs neither the token nor the wsa headers.",
        "zeep付属のwsseモジュールです(トークン・wsaヘッダーが署名されません)。",
        "Sign Body, Timestamp, BinarySecurityToken and every wsa header with a signer of your own (a zeep "
        "plugin or wsse object), and set soap:mustUnderstand on wsse:Security.",
        "独自の署名処理(zeepのpluginまたはwsseオブジェクト)でBody・Timestamp・BinarySecurityToken・wsaヘッダー"
        "すべてに署名し、wsse:Securityにsoap:mustUnderstandを付けてください。",
    ),
    Cause(
        "wss4j-defaults",
        "This is WSS4J as it comes: it signs the Body only.",
        "WSS4Jの既定値です(Bodyのみに署名)。",
        "Set signatureParts: Body, wsu:Timestamp, the Token and every wsa header.",
        "signaturePartsにBody・wsu:Timestamp・Token・wsaヘッダーすべてを指定してください。",
    ),
    Cause(
        "wcf-defaults",
        "This is WCF with a symmetric or derived key, or with SHA-1: not an X.509 signature of the sender.",
        "WCFの対称鍵・派生鍵またはSHA-1による署名です(送信者のX.509署名ではありません)。",
        "Use an AsymmetricSecurityBindingElement with MutualCertificate, the algorithm suite "
        "Basic256Sha256, SOAP 1.1 with WS-Addressing 1.0.",
        "AsymmetricSecurityBindingElement(MutualCertificate)・Basic256Sha256・SOAP 1.1・WS-Addressing 1.0を"
        "使用してください。",
    ),
)

CAUSES: Final = {cause.code: cause for cause in _TABLE}
"""Every cause by its code."""
