// What both clients on Node share: network.json, mutual TLS, verification by xml-crypto, and the report.
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const https = require("node:https");
const { createRequire } = require("node:module");
const path = require("node:path");

const modules = createRequire(path.join(process.env.NODE_MODULES, "..", "package.json"));
const { SignedXml } = modules("xml-crypto");
const { DOMParser } = modules("@xmldom/xmldom");

const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const WSA = "http://www.w3.org/2005/08/addressing";
const OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";
const WSSE = `${OASIS}-wssecurity-secext-1.0.xsd`;
const WSU = `${OASIS}-wssecurity-utility-1.0.xsd`;
const WSSE11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd";
const DS = "http://www.w3.org/2000/09/xmldsig#";
const X509 = `${OASIS}-x509-token-profile-1.0#X509v3`;
const EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#";
const SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256";
const MORE = "http://www.w3.org/2001/04/xmldsig-more#";

// xml-crypto brings no ECDSA; XML Signature wants r and s side by side, which Node calls ieee-p1363.
function EcdsaSha256() {
  this.getAlgorithmName = () => `${MORE}ecdsa-sha256`;
  this.getSignature = (signedInfo, key) =>
    crypto.sign("sha256", Buffer.from(signedInfo), { key: key.key ?? key, dsaEncoding: "ieee-p1363" }).toString("base64");
  this.verifySignature = (material, key, value) =>
    crypto.verify("sha256", Buffer.from(material), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(value, "base64"));
}

function readCall(networkJson, caseJson) {
  const network = JSON.parse(fs.readFileSync(networkJson, "utf-8"));
  const asked = JSON.parse(fs.readFileSync(caseJson, "utf-8"));
  const system = (id) => network.systems.find((one) => one.id === id);
  const [me, target] = [system(asked.caller), system(asked.target)];
  const read = (file) => fs.readFileSync(file, "ascii");
  const key = read(me.signing.key);
  return {
    ...asked,
    url: target.services[asked.service].url,
    key,
    method: MORE + (crypto.createPrivateKey(key).asymmetricKeyType === "rsa" ? "rsa-sha256" : "ecdsa-sha256"),
    certificate: read(me.signing.certificate),
    answers: read(target.signing.certificate),
    tls: {
      key: read(me.tls.key),
      cert: read(me.tls.certificate),
      ca: [...network.trust.anchors, ...network.trust.intermediates].map(read),
    },
  };
}

const bare = (pem) => pem.replace(/-----[^-]+-----|\s/g, "");

function post(call, message) {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "text/xml; charset=utf-8", SOAPAction: `"${call.action}"` };
    const asking = https.request(call.url, { ...call.tls, method: "POST", headers, agent: false }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve(Buffer.concat(chunks).toString("utf-8")));
    });
    asking.on("error", reject);
    asking.end(message);
  });
}

const parse = (text) => new DOMParser().parseFromString(text, "text/xml");
const all = (node, namespace, name) => Array.from(node.getElementsByTagNameNS(namespace, name));

// The Body's child of an answer whose signature holds; throws for anything else. Without a request it may
// be a fault that names none.
function verified(raw, call, request) {
  const message = parse(raw);
  const [signature] = all(message, DS, "Signature");
  const [token] = all(message, WSSE, "BinarySecurityToken");
  if (bare(token.textContent) !== bare(call.answers)) throw new Error("signed by another system");
  const signer = new SignedXml({ publicCert: call.answers, idMode: "wssecurity", getCertFromKeyInfo: () => null });
  signer.SignatureAlgorithms = { ...signer.SignatureAlgorithms, [`${MORE}ecdsa-sha256`]: EcdsaSha256 };
  signer.loadSignature(signature);
  if (!signer.checkSignature(raw)) throw new Error("the signature does not hold");
  const signed = signer.getSignedReferences().map((one) => parse(one).documentElement);
  const part = (namespace, name) => {
    const found = signed.find((one) => one.namespaceURI === namespace && one.localName === name);
    if (found === undefined) throw new Error(`${name} is not signed`);
    return found;
  };
  for (const name of ["To", "Action", "MessageID", "RelatesTo"]) part(WSA, name);
  if (request !== undefined) {
    const asked = parse(request);
    const value = all(asked, DS, "SignatureValue")[0].textContent;
    if (part(WSSE11, "SignatureConfirmation").getAttribute("Value") !== value) throw new Error("confirms another request");
    const id = all(asked, WSA, "MessageID")[0].textContent;
    if (part(WSA, "RelatesTo").textContent !== id) throw new Error("answers another request");
  }
  return Array.from(part(SOAP, "Body").childNodes).find((node) => node.nodeType === 1);
}

function outcome(content) {
  const texts = [];
  const walk = (node) => {
    if (node.nodeType === 3 && node.data.trim()) texts.push(node.data);
    Array.from(node.childNodes ?? []).forEach(walk);
  };
  walk(content);
  const code = Array.from(content.childNodes).find((node) => node.localName === "faultcode");
  return { verified: true, answer: content.localName, texts, fault: code ? code.textContent : null };
}

function spoilt(message, call) {
  const [old, changed] = call.spoil;
  if (message.split(old).length !== 2) throw new Error("there is nothing to spoil");
  return message.replace(old, changed);
}

function damageNoticed(raw, call) {
  const at = raw.lastIndexOf("</", raw.indexOf("RelatesTo>")) - 1;
  const changed = raw.slice(0, at) + String.fromCharCode(raw.charCodeAt(at) ^ 1) + raw.slice(at + 1);
  parse(changed); // still well-formed: nothing but a signature can tell
  try {
    verified(changed, call);
    return false;
  } catch {
    return true;
  }
}

function report(version, call, { request, good, bad }) {
  const said = {
    version,
    good: outcome(verified(good, call, request)),
    spoilt: outcome(verified(bad, call)),
    damage_noticed: damageNoticed(good, call),
  };
  process.stdout.write(JSON.stringify(said) + "\n");
}

module.exports = {
  ...{ DS, EXCLUSIVE, MORE, OASIS, SHA256, SOAP, WSA, WSSE, WSU, X509, EcdsaSha256, SignedXml, modules },
  ...{ bare, post, readCall, report, spoilt },
};
