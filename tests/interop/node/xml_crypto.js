// xml-crypto alone: a message that was put together by hand, signed and verified by it.
"use strict";

const { randomUUID } = require("node:crypto");
const p = require("./parts.js");

function sign(call) {
  const instant = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
  const message =
    `<s:Envelope xmlns:s="${p.SOAP}" xmlns:a="${p.WSA}" xmlns:wsu="${p.WSU}" xmlns:wsse="${p.WSSE}"><s:Header>` +
    `<a:To>${call.url}</a:To><a:Action>${call.action}</a:Action><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID>` +
    `<wsse:Security s:mustUnderstand="1"><wsse:BinarySecurityToken EncodingType="${p.OASIS}-soap-message-security-1.0` +
    `#Base64Binary" ValueType="${p.X509}" wsu:Id="token">${p.bare(call.certificate)}</wsse:BinarySecurityToken>` +
    `<wsu:Timestamp><wsu:Created>${instant(0)}</wsu:Created><wsu:Expires>${instant(300)}</wsu:Expires></wsu:Timestamp>` +
    `</wsse:Security></s:Header><s:Body>${call.body}</s:Body></s:Envelope>`;
  const signer = new p.SignedXml({
    privateKey: call.key,
    idMode: "wssecurity",
    signatureAlgorithm: call.method,
    canonicalizationAlgorithm: p.EXCLUSIVE,
    getKeyInfoContent: () =>
      `<wsse:SecurityTokenReference><wsse:Reference URI="#token" ValueType="${p.X509}"/></wsse:SecurityTokenReference>`,
  });
  signer.SignatureAlgorithms = { ...signer.SignatureAlgorithms, [`${p.MORE}ecdsa-sha256`]: p.EcdsaSha256 };
  for (const name of ["To", "Action", "MessageID", "BinarySecurityToken", "Timestamp", "Body"]) {
    const xpath = `/*/*/*[local-name(.)='${name}']|/*/*[local-name(.)='${name}']|/*/*/*/*[local-name(.)='${name}']`;
    signer.addReference({ xpath, transforms: [p.EXCLUSIVE], digestAlgorithm: p.SHA256 });
  }
  const location = { reference: "/*/*/*[local-name(.)='Security']", action: "append" };
  signer.computeSignature(message, { location, existingPrefixes: { wsse: p.WSSE } });
  return signer.getSignedXml();
}

async function main() {
  const call = p.readCall(process.argv[2], process.argv[3]);
  const request = sign(call);
  const good = await p.post(call, request);
  const bad = await p.post(call, p.spoilt(sign(call), call));
  p.report(p.modules("xml-crypto/package.json").version, call, { request, good, bad });
}

main();
