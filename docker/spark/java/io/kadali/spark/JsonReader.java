package io.kadali.spark;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads one JSON text: Map, List, String, BigDecimal, Boolean, null. Raises 22P02 for what PostgreSQL refuses. */
final class JsonReader {
  private static final int DEPTH_MAX = 500;

  private final String text;
  private final boolean kept;
  private int at;
  private int depth;

  JsonReader(String text) {
    this(text, false);
  }

  /** With `kept`, as for type json, the text is only checked: escapes that no text can hold are fine. */
  JsonReader(String text, boolean kept) {
    this.text = text;
    this.kept = kept;
  }

  /** A key (null in an array), and the value's text as written. */
  record Member(String key, String text) {}

  /** The whole text's value. */
  Object value() {
    Object found = next();
    skip();
    if (at < text.length()) {
      throw invalid();
    }
    return found;
  }

  /** Members of an object or array; none for a scalar. */
  List<Member> members() {
    List<Member> found = new ArrayList<>();
    skip();
    if (at >= text.length() || text.charAt(at) != '{' && text.charAt(at) != '[') {
      return found;
    }
    boolean named = text.charAt(at++) == '{';
    skip();
    while (peek() != '}' && peek() != ']') {
      String key = null;
      if (named) {
        key = string();
        expect(':');
      }
      skip();
      int from = at;
      next();
      found.add(new Member(key, text.substring(from, at)));
      skip();
      if (peek() == ',') {
        at++;
        skip();
      }
    }
    return found;
  }

  private PgError invalid() {
    return new PgError("22P02", "invalid input syntax for type json");
  }

  private char peek() {
    if (at >= text.length()) {
      throw invalid();
    }
    return text.charAt(at);
  }

  private void skip() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private void expect(char wanted) {
    skip();
    if (peek() != wanted) {
      throw invalid();
    }
    at++;
  }

  private Object next() {
    skip();
    if (depth > DEPTH_MAX) {
      throw PgError.unsupported("JSON nested this deeply");
    }
    return switch (peek()) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> string();
      case 't' -> word("true", Boolean.TRUE);
      case 'f' -> word("false", Boolean.FALSE);
      case 'n' -> word("null", null);
      default -> number();
    };
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) {
      throw invalid();
    }
    at += word.length();
    if (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
      throw invalid();
    }
    return value;
  }

  private Map<String, Object> object() {
    Map<String, Object> found = new LinkedHashMap<>();
    at++;
    skip();
    if (peek() == '}') {
      at++;
      return found;
    }
    depth++;
    while (true) {
      skip();
      String key = string();
      expect(':');
      found.put(key, next());
      skip();
      char c = peek();
      at++;
      if (c == '}') {
        depth--;
        return found;
      }
      if (c != ',') {
        throw invalid();
      }
    }
  }

  private List<Object> array() {
    List<Object> found = new ArrayList<>();
    at++;
    skip();
    if (peek() == ']') {
      at++;
      return found;
    }
    depth++;
    while (true) {
      found.add(next());
      skip();
      char c = peek();
      at++;
      if (c == ']') {
        depth--;
        return found;
      }
      if (c != ',') {
        throw invalid();
      }
    }
  }

  private String string() {
    if (peek() != '"') {
      throw invalid();
    }
    at++;
    StringBuilder out = new StringBuilder();
    while (true) {
      char c = peek();
      at++;
      if (c == '"') {
        return out.toString();
      }
      if (c < ' ') {
        throw invalid();
      }
      out.append(c == '\\' ? escape() : c);
    }
  }

  private char escape() {
    char c = peek();
    at++;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicode();
      default -> throw invalid();
    };
  }

  private char unicode() {
    if (at + 4 > text.length()) {
      throw invalid();
    }
    int code = 0;
    for (int i = 0; i < 4; i++) {
      int digit = Character.digit(text.charAt(at++), 16);
      if (digit < 0) {
        throw invalid();
      }
      code = code * 16 + digit;
    }
    if (code == 0 && !kept) {
      throw new PgError("22P05", "unsupported Unicode escape sequence");
    }
    return (char) code;
  }

  private BigDecimal number() {
    int from = at;
    if (peek() == '-') {
      at++;
    }
    int whole = digits();
    if (whole == 0 || whole > 1 && text.charAt(at - whole) == '0') {
      throw invalid();
    }
    if (at < text.length() && text.charAt(at) == '.') {
      at++;
      if (digits() == 0) {
        throw invalid();
      }
    }
    if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
      at++;
      if (at < text.length() && (text.charAt(at) == '+' || text.charAt(at) == '-')) {
        at++;
      }
      if (digits() == 0) {
        throw invalid();
      }
    }
    if (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
      throw invalid();
    }
    try {
      return new BigDecimal(text.substring(from, at));
    } catch (NumberFormatException error) {
      throw Numeric.overflows();
    }
  }

  private int digits() {
    int from = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    return at - from;
  }
}
