// WSS4J over Santuario: signs as a Java vendor's stack does, and verifies the answer by its own code.
// Run as: java -cp JARS Wss4jClient.java NETWORK_JSON CASE_JSON (Java runs a source file by itself).

import java.io.ByteArrayInputStream;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.ws.security.WSConstants;
import org.apache.ws.security.WSEncryptionPart;
import org.apache.ws.security.WSSecurityEngine;
import org.apache.ws.security.WSSecurityEngineResult;
import org.apache.ws.security.components.crypto.Merlin;
import org.apache.ws.security.message.WSSecHeader;
import org.apache.ws.security.message.WSSecSignature;
import org.apache.ws.security.message.WSSecTimestamp;
import org.apache.ws.security.util.WSSecurityUtil;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

public class Wss4jClient {
    static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
    static final String WSA = "http://www.w3.org/2005/08/addressing";
    static final char[] NONE = new char[0];

    final Map<String, Object> asked;
    final String url;
    final Map<String, Object> signing;
    final X509Certificate certificate;
    final X509Certificate answers;
    final HttpClient http;

    Wss4jClient(String networkJson, String caseJson) throws Exception {
        Map<String, Object> network = object(Json.read(Files.readString(Path.of(networkJson))));
        asked = object(Json.read(Files.readString(Path.of(caseJson))));
        Map<String, Object> me = null;
        Map<String, Object> target = null;
        for (Object one : (List<?>) network.get("systems")) {
            if (object(one).get("id").equals(asked.get("caller"))) me = object(one);
            if (object(one).get("id").equals(asked.get("target"))) target = object(one);
        }
        url = (String) object(object(target.get("services")).get(asked.get("service"))).get("url");
        signing = object(me.get("signing"));
        certificate = certificate((String) signing.get("certificate"));
        answers = certificate((String) object(target.get("signing")).get("certificate"));
        http = HttpClient.newBuilder().sslContext(tls(object(me.get("tls")), object(network.get("trust")))).build();
    }

    String sign() throws Exception {
        Document message = parse("<s:Envelope xmlns:s='" + SOAP + "' xmlns:a='" + WSA + "'><s:Header><a:To>" + url
            + "</a:To><a:Action>" + asked.get("action") + "</a:Action><a:MessageID>urn:uuid:" + UUID.randomUUID()
            + "</a:MessageID></s:Header><s:Body>" + asked.get("body") + "</s:Body></s:Envelope>");
        WSSecHeader header = new WSSecHeader();
        header.insertSecurityHeader(message);
        WSSecTimestamp timestamp = new WSSecTimestamp();
        timestamp.setTimeToLive(300);
        timestamp.build(message, header);
        PrivateKey key = key((String) signing.get("key"));
        WSSecSignature signature = new WSSecSignature();
        signature.setUserInfo("me", "");
        signature.setKeyIdentifierType(WSConstants.BST_DIRECT_REFERENCE);
        signature.setSignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#"
            + (key.getAlgorithm().equals("RSA") ? "rsa-sha256" : "ecdsa-sha256"));
        signature.setDigestAlgo("http://www.w3.org/2001/04/xmlenc#sha256");
        List<WSEncryptionPart> parts = new ArrayList<>();
        for (String name : List.of("To", "Action", "MessageID")) parts.add(new WSEncryptionPart(name, WSA, ""));
        parts.add(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, ""));
        parts.add(new WSEncryptionPart("BinarySecurityToken", WSConstants.WSSE_NS, ""));
        parts.add(new WSEncryptionPart("Body", SOAP, ""));
        // build() would put the token in after the digests; our profile wants it signed.
        signature.prepare(message, crypto(key, certificate), header);
        signature.prependBSTElementToHeader(header);
        signature.computeSignature(signature.addReferencesToSign(parts, header), false, null);
        StringWriter written = new StringWriter();
        var transformer = TransformerFactory.newInstance().newTransformer();
        transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
        transformer.transform(new DOMSource(message), new StreamResult(written));
        return written.toString();
    }

    String post(String message) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", "text/xml; charset=utf-8")
            .header("SOAPAction", "\"" + asked.get("action") + "\"")
            .POST(HttpRequest.BodyPublishers.ofString(message))
            .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8)).body();
    }

    /** The Body's child of an answer that WSS4J verified, signed by the system that was asked. */
    Element verified(String raw, String request) throws Exception {
        Document message = parse(raw);
        Element security = WSSecurityUtil.getSecurityHeader(message, null);
        List<WSSecurityEngineResult> results =
            new WSSecurityEngine().processSecurityHeader(security, null, crypto(null, answers), null);
        WSSecurityEngineResult signature = WSSecurityUtil.fetchActionResult(results, WSConstants.SIGN);
        if (signature == null) throw new Exception("no signature");
        if (!answers.equals(signature.get(WSSecurityEngineResult.TAG_X509_CERTIFICATE)))
            throw new Exception("signed by another system");
        List<String> signed = new ArrayList<>();
        for (Object one : (List<?>) signature.get(WSSecurityEngineResult.TAG_DATA_REF_URIS))
            signed.add(((org.apache.ws.security.WSDataRef) one).getName().getLocalPart());
        if (!signed.containsAll(List.of("Body", "To", "Action", "MessageID", "RelatesTo", "Timestamp")))
            throw new Exception("a part is not signed: " + signed);
        if (request != null) {
            Document sent = parse(request);
            String value = text(sent, WSConstants.SIG_NS, "SignatureValue").replaceAll("\\s", "");
            Element confirmation = (Element) message
                .getElementsByTagNameNS(WSConstants.WSSE11_NS, "SignatureConfirmation").item(0);
            if (!confirmation.getAttribute("Value").equals(value)) throw new Exception("confirms another request");
            if (!text(message, WSA, "RelatesTo").equals(text(sent, WSA, "MessageID")))
                throw new Exception("answers another request");
        }
        for (Node node = WSSecurityUtil.findBodyElement(message).getFirstChild(); ; node = node.getNextSibling())
            if (node instanceof Element) return (Element) node;
    }

    static String outcome(Element content) {
        List<String> texts = new ArrayList<>();
        collect(content, texts);
        Node code = content.getElementsByTagName("faultcode").item(0);
        return "{\"verified\": true, \"answer\": " + Json.quoted(content.getLocalName()) + ", \"texts\": ["
            + String.join(", ", texts) + "], \"fault\": " + (code == null ? "null" : Json.quoted(code.getTextContent()))
            + "}";
    }

    static void collect(Node node, List<String> texts) {
        if (node.getNodeType() == Node.TEXT_NODE && !node.getNodeValue().isBlank())
            texts.add(Json.quoted(node.getNodeValue()));
        for (Node child = node.getFirstChild(); child != null; child = child.getNextSibling()) collect(child, texts);
    }

    boolean noticesDamage(String raw) throws Exception {
        int at = raw.lastIndexOf("</", raw.indexOf("RelatesTo>")) - 1;
        String changed = raw.substring(0, at) + (char) (raw.charAt(at) ^ 1) + raw.substring(at + 1);
        parse(changed); // still well-formed: nothing but a signature can tell
        try {
            verified(changed, null);
            return false;
        } catch (org.apache.ws.security.WSSecurityException expected) {
            return true;
        }
    }

    public static void main(String[] arguments) throws Exception {
        org.apache.ws.security.WSSConfig.init();
        Wss4jClient client = new Wss4jClient(arguments[0], arguments[1]);
        String request = client.sign();
        String good = client.post(request);
        List<?> spoil = (List<?>) client.asked.get("spoil");
        String bad = client.post(client.sign().replace((String) spoil.get(0), (String) spoil.get(1)));
        String said = "{\"version\": " + Json.quoted(WSSecurityEngine.class.getPackage().getImplementationVersion())
            + ", \"good\": " + outcome(client.verified(good, request)) + ", \"spoilt\": "
            + outcome(client.verified(bad, null)) + ", \"damage_noticed\": " + client.noticesDamage(good) + "}\n";
        System.out.write(said.getBytes(StandardCharsets.UTF_8));
        System.out.flush();
    }

    // Files and keys.

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    static Document parse(String text) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    static String text(Document message, String namespace, String name) {
        return message.getElementsByTagNameNS(namespace, name).item(0).getTextContent();
    }

    static byte[] der(String file) throws Exception {
        return Base64.getMimeDecoder().decode(Files.readString(Path.of(file)).replaceAll("-----[^-]+-----", ""));
    }

    static X509Certificate certificate(String file) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(der(file)));
    }

    static PrivateKey key(String file) throws Exception {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(der(file));
        try {
            return KeyFactory.getInstance("RSA").generatePrivate(spec);
        } catch (java.security.spec.InvalidKeySpecException another) {
            return KeyFactory.getInstance("EC").generatePrivate(spec);
        }
    }

    static KeyStore store(PrivateKey key, X509Certificate... certificates) throws Exception {
        KeyStore made = KeyStore.getInstance("PKCS12");
        made.load(null, NONE);
        for (int at = 0; at < certificates.length; at++) made.setCertificateEntry("trusted-" + at, certificates[at]);
        if (key != null) made.setKeyEntry("me", key, NONE, new Certificate[] {certificates[0]});
        return made;
    }

    static Merlin crypto(PrivateKey key, X509Certificate certificate) throws Exception {
        Merlin made = new Merlin();
        made.setKeyStore(store(key, certificate));
        return made;
    }

    static SSLContext tls(Map<String, Object> own, Map<String, Object> trust) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store(key((String) own.get("key")), certificate((String) own.get("certificate"))), NONE);
        List<X509Certificate> trusted = new ArrayList<>();
        for (String kind : List.of("anchors", "intermediates"))
            for (Object file : (List<?>) trust.get(kind)) trusted.add(certificate((String) file));
        TrustManagerFactory anchors = TrustManagerFactory.getInstance("PKIX");
        anchors.init(store(null, trusted.toArray(new X509Certificate[0])));
        SSLContext made = SSLContext.getInstance("TLS");
        made.init(keys.getKeyManagers(), anchors.getTrustManagers(), null);
        return made;
    }
}
