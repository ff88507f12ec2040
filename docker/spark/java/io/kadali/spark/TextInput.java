package io.kadali.spark;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.spark.unsafe.types.UTF8String;

/** Input functions of integers, boolean, uuid and bytea. Floats are {@link FloatText}'s, times {@link TimeText}'s. */
public final class TextInput {
  private static final Pattern INTEGER =
      Pattern.compile("[+-]?(?:\\d(?:_?\\d)*|0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)");
  private static final Pattern UUID = Pattern.compile("\\{?(?:[0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}\\}?");
  private static final Pattern PLAIN_UUID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  private static final Map<Character, Integer> RADIX = Map.of('x', 16, 'o', 8, 'b', 2);

  private TextInput() {}

  /** Bits of an integer type without its sign. */
  static int bits(String type) {
    return switch (type) {
      case "smallint" -> 15;
      case "integer" -> 31;
      case "oid" -> 32;
      default -> 63;
    };
  }

  /** `type` is smallint, integer, bigint or oid. Raises 22P02, 22003. */
  public static long integer(UTF8String text, UTF8String type) {
    String name = type.toString();
    String body = Texts.strip(text.toString());
    if (!INTEGER.matcher(body).matches()) {
      throw PgError.invalidText(name, text.toString());
    }
    boolean negative = body.startsWith("-");
    String digits = body.replace("_", "");
    digits = digits.substring(negative || digits.startsWith("+") ? 1 : 0);
    int radix = digits.length() > 1 ? RADIX.getOrDefault(Character.toLowerCase(digits.charAt(1)), 10) : 10;
    BigInteger found = new BigInteger(radix == 10 ? digits : digits.substring(2), radix);
    found = negative ? found.negate() : found;
    if (found.bitLength() > bits(name)) {
      throw new PgError("22003", "value \"" + text + "\" is out of range for type " + name);
    }
    return found.longValue();
  }

  public static boolean bool(UTF8String text) {
    switch (Texts.strip(text.toString()).toLowerCase(Locale.ROOT)) {
      case "t", "tr", "tru", "true", "y", "ye", "yes", "on", "1":
        return true;
      case "f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0":
        return false;
      default:
        throw PgError.invalidText("boolean", text.toString());
    }
  }

  public static UTF8String uuid(UTF8String text) {
    String body = text.toString();
    if (PLAIN_UUID.matcher(body).matches()) {
      return text;
    }
    if (!UUID.matcher(body).matches() || body.startsWith("{") != body.endsWith("}")) {
      throw PgError.invalidText("uuid", body);
    }
    StringBuilder digits = new StringBuilder();
    for (char c : body.toLowerCase(Locale.ROOT).toCharArray()) {
      if (c != '{' && c != '}' && c != '-') {
        digits.append(c);
      }
    }
    for (int at : new int[] {20, 16, 12, 8}) {
      digits.insert(at, '-');
    }
    return UTF8String.fromString(digits.toString());
  }

  /** byteain: hex or escape format. Raises 22P02, 22023. */
  public static byte[] bytea(UTF8String text) {
    String body = text.toString();
    if (body.startsWith("\\x")) {
      return hex(body.substring(2));
    }
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    byte[] out = new byte[bytes.length];
    int length = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != '\\') {
        out[length++] = bytes[i];
      } else if (i + 1 < bytes.length && bytes[i + 1] == '\\') {
        out[length++] = '\\';
        i++;
      } else if (i + 3 < bytes.length && octal(bytes, i + 1) >= 0) {
        out[length++] = (byte) octal(bytes, i + 1);
        i += 3;
      } else {
        throw new PgError("22P02", "invalid input syntax for type bytea");
      }
    }
    return java.util.Arrays.copyOf(out, length);
  }

  private static int octal(byte[] bytes, int at) {
    int found = 0;
    for (int i = at; i < at + 3; i++) {
      int digit = bytes[i] - '0';
      if (digit < 0 || digit > (i == at ? 3 : 7)) {
        return -1;
      }
      found = found * 8 + digit;
    }
    return found;
  }

  /** Hex digits in pairs, blanks between them allowed. Raises 22023. */
  static byte[] hex(String text) {
    StringBuilder digits = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        if (digits.length() % 2 != 0) {
          throw new PgError("22023", "invalid hexadecimal data: odd number of digits");
        }
        continue;
      }
      if (Character.digit(c, 16) < 0 || c > 127) {
        throw new PgError("22023", "invalid hexadecimal digit: \"" + text.substring(i, i + 1) + "\"");
      }
      digits.append(c);
    }
    if (digits.length() % 2 != 0) {
      throw new PgError("22023", "invalid hexadecimal data: odd number of digits");
    }
    return HexFormat.of().parseHex(digits);
  }

  public static UTF8String byteaText(byte[] bytes) {
    return UTF8String.fromString("\\x" + HexFormat.of().formatHex(bytes));
  }
}
