import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** As much of JSON as network.json needs; the JDK brings none. */
class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object read(String text) {
        return new Json(text).value();
    }

    static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    private char next() {
        while (Character.isWhitespace(text.charAt(at))) at++;
        return text.charAt(at);
    }

    private Object value() {
        switch (next()) {
            case '{': {
                Map<String, Object> made = new LinkedHashMap<>();
                for (at++; next() != '}'; ) {
                    String name = string();
                    next();
                    at++; // the colon
                    made.put(name, value());
                    if (next() == ',') at++;
                }
                at++;
                return made;
            }
            case '[': {
                List<Object> made = new ArrayList<>();
                for (at++; next() != ']'; ) {
                    made.add(value());
                    if (next() == ',') at++;
                }
                at++;
                return made;
            }
            case '"':
                return string();
            default: {
                int begin = at;
                while ("+-.0123456789aeflnrstuE".indexOf(text.charAt(at)) >= 0) at++;
                return text.substring(begin, at);
            }
        }
    }

    private String string() {
        StringBuilder made = new StringBuilder();
        next();
        for (at++; text.charAt(at) != '"'; at++) {
            char letter = text.charAt(at);
            if (letter != '\\') {
                made.append(letter);
                continue;
            }
            letter = text.charAt(++at);
            if (letter == 'u') {
                made.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                at += 4;
            } else {
                made.append("bfnrt".indexOf(letter) < 0 ? letter : "\b\f\n\r\t".charAt("bfnrt".indexOf(letter)));
            }
        }
        at++;
        return made.toString();
    }
}
