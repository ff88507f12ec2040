package io.kadali.spark;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.unsafe.types.UTF8String;

/** JSON texts: validity, the canonical text of jsonb, members as they are written. */
public final class JsonText {
  private static final int DIGITS_MAX = 131_072;

  private JsonText() {}

  /** jsonb's order of keys: by length in bytes, then bytes. */
  private static int compareKeys(String a, String b) {
    byte[] one = a.getBytes(StandardCharsets.UTF_8);
    byte[] other = b.getBytes(StandardCharsets.UTF_8);
    return one.length != other.length
        ? Integer.compare(one.length, other.length)
        : java.util.Arrays.compareUnsigned(one, other);
  }

  /** json_in: the text itself. Raises 22P02. */
  public static UTF8String json(UTF8String text) {
    new JsonReader(text.toString(), true).value();
    return text;
  }

  /** jsonb_in: the text PostgreSQL prints. Raises 22P02. */
  public static UTF8String jsonb(UTF8String text) {
    StringBuilder out = new StringBuilder();
    dump(out, new JsonReader(text.toString()).value());
    return UTF8String.fromString(out.toString());
  }

  private static void dump(StringBuilder out, Object value) {
    if (value instanceof Map<?, ?> members) {
      TreeMap<String, Object> sorted = new TreeMap<>(JsonText::compareKeys);
      members.forEach((key, member) -> sorted.put((String) key, member));
      String separator = "{";
      for (Map.Entry<String, Object> entry : sorted.entrySet()) {
        quote(out.append(separator), entry.getKey());
        dump(out.append(": "), entry.getValue());
        separator = ", ";
      }
      out.append(sorted.isEmpty() ? "{}" : "}");
    } else if (value instanceof List<?> items) {
      String separator = "[";
      for (Object item : items) {
        dump(out.append(separator), item);
        separator = ", ";
      }
      out.append(items.isEmpty() ? "[]" : "]");
    } else if (value instanceof String text) {
      quote(out, text);
    } else if (value instanceof BigDecimal number) {
      if (number.signum() != 0 && Numeric.adjusted(number) >= DIGITS_MAX || number.scale() > DIGITS_MAX) {
        throw Numeric.overflows();
      }
      out.append(number.signum() == 0 && number.scale() < 0 ? "0" : number.toPlainString());
    } else {
      out.append(value);
    }
  }

  private static void quote(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> out.append(c < ' ' ? String.format("\\u%04x", (int) c) : Character.toString(c));
      }
    }
    out.append('"');
  }

  private static UTF8String utf8(String text) {
    return text == null ? null : UTF8String.fromString(text);
  }

  /** json -> key: the member's text as written; of equal keys the last. */
  public static UTF8String field(UTF8String json, UTF8String key) {
    return utf8(member(json.toString(), key.toString()));
  }

  /** json -> index: from 0; negative from the end. */
  public static UTF8String item(UTF8String json, int index) {
    return utf8(element(json.toString(), index));
  }

  public static UTF8String fieldText(UTF8String json, UTF8String key) {
    return utf8(plain(member(json.toString(), key.toString())));
  }

  public static UTF8String itemText(UTF8String json, int index) {
    return utf8(plain(element(json.toString(), index)));
  }

  private static String member(String json, String key) {
    String found = null;
    for (JsonReader.Member member : new JsonReader(json).members()) {
      found = key.equals(member.key()) ? member.text() : found;
    }
    return found;
  }

  private static String element(String json, int index) {
    List<JsonReader.Member> members = new JsonReader(json).members();
    int at = index < 0 ? members.size() + index : index;
    boolean found = at >= 0 && at < members.size() && members.get(0).key() == null;
    return found ? members.get(at).text() : null;
  }

  /** Strings without quotes, null as NULL. */
  private static String plain(String json) {
    if (json == null || json.equals("null")) {
      return null;
    }
    return json.startsWith("\"") ? (String) new JsonReader(json).value() : json;
  }

  /** json #> steps. */
  public static UTF8String path(UTF8String json, ArrayData steps) {
    return utf8(walk(json, steps));
  }

  public static UTF8String pathText(UTF8String json, ArrayData steps) {
    return utf8(plain(walk(json, steps)));
  }

  private static String walk(UTF8String json, ArrayData steps) {
    String found = Texts.strip(json.toString());
    for (int i = 0; i < steps.numElements() && found != null; i++) {
      if (steps.isNullAt(i)) {
        return null;
      }
      String step = steps.getUTF8String(i).toString();
      if (found.startsWith("[")) {
        String digits = Texts.strip(step);
        found = digits.matches("[+-]?\\d{1,9}") ? element(found, Integer.parseInt(digits)) : null;
      } else {
        found = member(found, step);
      }
    }
    return found;
  }

  public static UTF8String type(UTF8String json) {
    Object value = new JsonReader(json.toString()).value();
    String name =
        value instanceof Map
            ? "object"
            : value instanceof List
                ? "array"
                : value instanceof String
                    ? "string"
                    : value instanceof BigDecimal ? "number" : value instanceof Boolean ? "boolean" : "null";
    return UTF8String.fromString(name);
  }

  /** Raises 22023. */
  public static int arrayLength(UTF8String json) {
    Object value = new JsonReader(json.toString()).value();
    if (value instanceof List<?> items) {
      return items.size();
    }
    String kind = value instanceof Map ? "a non-array" : "a scalar";
    throw new PgError("22023", "cannot get array length of " + kind);
  }

  /** jsonb ? key: a key of an object, a string in an array, or the string itself. */
  public static boolean hasKey(UTF8String json, UTF8String key) {
    Object value = new JsonReader(json.toString()).value();
    String wanted = key.toString();
    if (value instanceof Map<?, ?> members) {
      return members.containsKey(wanted);
    }
    return value instanceof List<?> items ? items.contains(wanted) : wanted.equals(value);
  }

  /** jsonb @> jsonb. */
  public static boolean contains(UTF8String json, UTF8String other) {
    Object value = new JsonReader(json.toString()).value();
    Object wanted = new JsonReader(other.toString()).value();
    if (value instanceof List<?> items && !(wanted instanceof List) && !(wanted instanceof Map)) {
      return items.stream().anyMatch(item -> isSame(item, wanted));
    }
    return isContained(value, wanted);
  }

  private static boolean isContained(Object value, Object wanted) {
    if (wanted instanceof Map<?, ?> parts) {
      return value instanceof Map<?, ?> members
          && parts.entrySet().stream()
              .allMatch(e -> members.containsKey(e.getKey()) && isContained(members.get(e.getKey()), e.getValue()));
    }
    if (wanted instanceof List<?> parts) {
      return value instanceof List<?> items
          && parts.stream().allMatch(part -> items.stream().anyMatch(item -> isContained(item, part)));
    }
    return isSame(value, wanted);
  }

  private static boolean isSame(Object value, Object other) {
    if (value instanceof BigDecimal a && other instanceof BigDecimal b) {
      return a.compareTo(b) == 0;
    }
    boolean plain = !(value instanceof Map) && !(value instanceof List);
    return plain && (value == null ? other == null : value.equals(other));
  }
}
