// What docs/quickstart/SignedSoapClient.java does with a case: asks, asks again with a spoilt message, and
// notices damage. Run as: java Wss4jClient NETWORK_JSON CASE_JSON

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.ws.security.WSSecurityEngine;
import org.apache.ws.security.WSSecurityException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

public class Wss4jClient {
    static JsonObject outcome(Element content) {
        JsonObject told = new JsonObject();
        JsonArray texts = new JsonArray();
        collect(content, texts);
        Node code = content.getElementsByTagName("faultcode").item(0);
        told.addProperty("verified", true);
        told.addProperty("answer", content.getLocalName());
        told.add("texts", texts);
        told.addProperty("fault", code == null ? null : code.getTextContent());
        return told;
    }

    static void collect(Node node, JsonArray texts) {
        if (node.getNodeType() == Node.TEXT_NODE && !node.getNodeValue().isBlank()) texts.add(node.getNodeValue());
        for (Node child = node.getFirstChild(); child != null; child = child.getNextSibling()) collect(child, texts);
    }

    static boolean noticesDamage(SignedSoapClient client, String raw) throws Exception {
        int at = raw.lastIndexOf("</", raw.indexOf("RelatesTo>")) - 1;
        String changed = raw.substring(0, at) + (char) (raw.charAt(at) ^ 1) + raw.substring(at + 1);
        SignedSoapClient.parse(changed); // still well-formed: nothing but a signature can tell
        try {
            client.verified(changed, null);
            return false;
        } catch (WSSecurityException expected) {
            return true;
        }
    }

    static JsonObject read(String file) throws Exception {
        return JsonParser.parseString(Files.readString(Path.of(file))).getAsJsonObject();
    }

    public static void main(String[] arguments) throws Exception {
        JsonObject network = read(arguments[0]), asked = read(arguments[1]), systems = new JsonObject();
        for (JsonElement one : network.getAsJsonArray("systems"))
            systems.add(one.getAsJsonObject().get("id").getAsString(), one);
        JsonObject me = systems.getAsJsonObject(asked.get("caller").getAsString());
        JsonObject target = systems.getAsJsonObject(asked.get("target").getAsString());
        String url = target.getAsJsonObject("services").getAsJsonObject(asked.get("service").getAsString())
            .get("url").getAsString();
        String action = asked.get("action").getAsString(), body = asked.get("body").getAsString();
        JsonArray spoil = asked.getAsJsonArray("spoil");
        SignedSoapClient client = new SignedSoapClient(me, target, network.getAsJsonObject("trust"));
        String request = client.sign(url, action, body), good = client.post(url, action, request);
        String spoilt = client.sign(url, action, body)
            .replace(spoil.get(0).getAsString(), spoil.get(1).getAsString());
        JsonObject told = new JsonObject();
        told.addProperty("version", WSSecurityEngine.class.getPackage().getImplementationVersion());
        told.add("good", outcome(client.verified(good, request)));
        told.add("spoilt", outcome(client.verified(client.post(url, action, spoilt), null)));
        told.addProperty("damage_noticed", noticesDamage(client, good));
        System.out.write((new Gson().toJson(told) + "\n").getBytes(StandardCharsets.UTF_8));
        System.out.flush();
    }
}
