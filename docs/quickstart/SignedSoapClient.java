// Signed SOAP with WSS4J 1.6 over Santuario and the JDK's HTTP client: signs a request, verifies its answer.
// Keys and certificates are the PEM files that network.json names. Needs wss4j, xmlsec and gson.

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.StringReader;
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
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
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
import org.apache.ws.security.WSDataRef;
import org.apache.ws.security.WSEncryptionPart;
import org.apache.ws.security.WSSConfig;
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
import org.xml.sax.InputSource;

public class SignedSoapClient {
    static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
    static final String WSA = "http://www.w3.org/2005/08/addressing";
    static final char[] NONE = new char[0];

    final PrivateKey key;
    final X509Certificate certificate;
    final X509Certificate answers;
    final HttpClient http;

    /** {@code me} and {@code target} are systems of network.json, {@code trust} its authorities. */
    public SignedSoapClient(JsonObject me, JsonObject target, JsonObject trust) throws Exception {
        WSSConfig.init();
        key = key(me.getAsJsonObject("signing").get("key"));
        certificate = certificate(me.getAsJsonObject("signing").get("certificate"));
        answers = certificate(target.getAsJsonObject("signing").get("certificate"));
        http = HttpClient.newBuilder().sslContext(tls(me.getAsJsonObject("tls"), trust)).build();
    }

    /** The Body's child of the answer, which was verified: signed by the target, and bound to this request. */
    public Element call(String url, String action, String body) throws Exception {
        String request = sign(url, action, body);
        return verified(post(url, action, request), request);
    }

    /** A signed request: Body, Timestamp, token and every WS-Addressing header. */
    public String sign(String url, String action, String body) throws Exception {
        Document message = parse("<s:Envelope xmlns:s='" + SOAP + "' xmlns:a='" + WSA + "'><s:Header><a:To>" + url
            + "</a:To><a:Action>" + action + "</a:Action><a:MessageID>urn:uuid:" + UUID.randomUUID()
            + "</a:MessageID></s:Header><s:Body>" + body + "</s:Body></s:Envelope>");
        WSSecHeader header = new WSSecHeader();
        header.insertSecurityHeader(message);
        WSSecTimestamp timestamp = new WSSecTimestamp();
        timestamp.setTimeToLive(300);
        timestamp.build(message, header);
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

    /** What comes back over mutual TLS. */
    public String post(String url, String action, String message) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", "text/xml; charset=utf-8")
            .header("SOAPAction", "\"" + action + "\"")
            .POST(HttpRequest.BodyPublishers.ofString(message))
            .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8)).body();
    }

    /** The Body's child of an answer that WSS4J verified; bound to {@code request} unless that is null. */
    public Element verified(String raw, String request) throws Exception {
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
            signed.add(((WSDataRef) one).getName().getLocalPart());
        if (!signed.containsAll(List.of("Body", "To", "Action", "MessageID", "RelatesTo", "Timestamp")))
            throw new Exception("a part is not signed: " + signed);
        if (request != null) {
            Document sent = parse(request);
            String value = text(sent, WSConstants.SIG_NS, "SignatureValue").replaceAll("\\s", "");
            Element confirmation = (Element) message
                .getElementsByTagNameNS(WSConstants.WSSE11_NS, "SignatureConfirmation").item(0);
            if (confirmation == null || !confirmation.getAttribute("Value").equals(value))
                throw new Exception("confirms another request");
            if (!text(message, WSA, "RelatesTo").equals(text(sent, WSA, "MessageID")))
                throw new Exception("answers another request");
        }
        for (Node node = WSSecurityUtil.findBodyElement(message).getFirstChild(); ; node = node.getNextSibling())
            if (node instanceof Element) return (Element) node;
    }

    public static Document parse(String text) throws Exception {
        return DocumentBuilderFactory.newNSInstance().newDocumentBuilder().parse(new InputSource(new StringReader(text)));
    }

    static String text(Document message, String namespace, String name) {
        return message.getElementsByTagNameNS(namespace, name).item(0).getTextContent();
    }

    static byte[] der(JsonElement file) throws Exception {
        String pem = Files.readString(Path.of(file.getAsString()));
        return Base64.getMimeDecoder().decode(pem.replaceAll("-----[^-]+-----", ""));
    }

    static X509Certificate certificate(JsonElement file) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(der(file)));
    }

    static PrivateKey key(JsonElement file) throws Exception {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(der(file));
        try {
            return KeyFactory.getInstance("RSA").generatePrivate(spec);
        } catch (InvalidKeySpecException another) {
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

    static SSLContext tls(JsonObject own, JsonObject trust) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store(key(own.get("key")), certificate(own.get("certificate"))), NONE);
        List<X509Certificate> trusted = new ArrayList<>();
        for (String kind : List.of("anchors", "intermediates"))
            for (JsonElement file : trust.getAsJsonArray(kind)) trusted.add(certificate(file));
        TrustManagerFactory anchors = TrustManagerFactory.getInstance("PKIX");
        anchors.init(store(null, trusted.toArray(new X509Certificate[0])));
        SSLContext made = SSLContext.getInstance("TLS");
        made.init(keys.getKeyManagers(), anchors.getTrustManagers(), null);
        return made;
    }
}
