// node-soap: its client is made from our WSDL file, its WSSecurityCert signs, xml-crypto verifies.
"use strict";

const { randomUUID } = require("node:crypto");
const path = require("node:path");
const p = require("./parts.js");

const soap = p.modules("soap");

function security(call) {
  const made = new soap.WSSecurityCert(call.key, call.certificate, "", {
    hasTimeStamp: true,
    signatureAlgorithm: call.method,
    digestAlgorithm: p.SHA256,
    signatureTransformations: [p.EXCLUSIVE],
    additionalReferences: ["wsa:To", "wsa:Action", "wsa:MessageID", "wsse:BinarySecurityToken"],
    signerOptions: { idMode: "wssecurity", existingPrefixes: { wsse: p.WSSE } },
  });
  made.signer.SignatureAlgorithms[`${p.MORE}ecdsa-sha256`] = p.EcdsaSha256;
  return made;
}

// Posts what node-soap wrote over mutual TLS, as its own httpClient may.
class Wire {
  constructor(call) {
    this.call = call;
    this.spoils = false;
  }
  request(_url, data, done) {
    this.sent = data;
    p.post(this.call, this.spoils ? p.spoilt(data, this.call) : data).then((answer) => {
      this.got = answer;
      done(null, { status: 200, headers: {}, data: answer }, answer);
    }, done);
  }
}

// Attributes, lists and order come from the WSDL; leading zeros stay text.
async function ask(call, wire) {
  const wsdl = path.join(process.env.WSDL, `${call.service}-1.wsdl`);
  const client = await soap.createClientAsync(wsdl, { httpClient: wire, forceSoap12Headers: false }, call.url);
  client.addSoapHeader(
    `<wsa:To xmlns:wsa="${p.WSA}">${call.url}</wsa:To><wsa:Action xmlns:wsa="${p.WSA}">${call.action}</wsa:Action>` +
      `<wsa:MessageID xmlns:wsa="${p.WSA}">urn:uuid:${randomUUID()}</wsa:MessageID>`,
  );
  client.setSecurity(security(call));
  return client[`${call.operation}Async`](call.values);
}

async function main() {
  const call = p.readCall(process.argv[2], process.argv[3]);
  const wire = new Wire(call);
  const [answer] = await ask(call, wire);
  if (answer === undefined) throw new Error("node-soap read no answer");
  const { sent: request, got: good } = wire;
  wire.spoils = true;
  await ask(call, wire).then(
    () => Promise.reject(new Error("a spoilt message was answered")),
    () => {},
  );
  p.report(p.modules("soap/package.json").version, call, { request, good, bad: wire.got });
}

main();
