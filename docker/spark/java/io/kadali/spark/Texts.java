package io.kadali.spark;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.apache.spark.unsafe.types.UTF8String;

/** Text functions. A character is a Unicode code point; cases map one to one, as in the C library's C.UTF-8. */
public final class Texts {
  private static final int BYTES_MAX = (1 << 30) - 1;

  private Texts() {}

  /** Without the blanks that input functions allow around a value. */
  static String strip(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && isBlank(text.charAt(start))) {
      start++;
    }
    while (end > start && isBlank(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  static boolean isBlank(char c) {
    return c == ' ' || c >= '\t' && c <= '\r';
  }

  private static UTF8String text(String text) {
    return UTF8String.fromString(text);
  }

  private static String mapped(UTF8String x, IntUnaryOperator map) {
    String body = x.toString();
    StringBuilder out = new StringBuilder(body.length());
    body.codePoints().map(map).forEach(out::appendCodePoint);
    return out.toString();
  }

  public static UTF8String lower(UTF8String x) {
    return x.isFullAscii() ? x.toLowerCase() : text(mapped(x, Character::toLowerCase));
  }

  public static UTF8String upper(UTF8String x) {
    return x.isFullAscii() ? x.toUpperCase() : text(mapped(x, Character::toUpperCase));
  }

  public static UTF8String initcap(UTF8String x) {
    boolean[] inside = {false};
    return text(
        mapped(
            x,
            c -> {
              int found = inside[0] ? Character.toLowerCase(c) : Character.toUpperCase(c);
              inside[0] = Character.isAlphabetic(c) || Character.isDigit(c);
              return found;
            }));
  }

  private static int length(String x) {
    return x.codePointCount(0, x.length());
  }

  /** Characters [from, to), cut to what there is. */
  private static String slice(String x, long from, long to) {
    int count = length(x);
    int start = (int) Math.min(Math.max(from, 0), count);
    int end = (int) Math.min(Math.max(to, start), count);
    int at = x.offsetByCodePoints(0, start);
    return x.substring(at, x.offsetByCodePoints(at, end - start));
  }

  public static UTF8String substring(UTF8String x, int start) {
    return start <= 1 ? x : text(slice(x.toString(), start - 1L, Integer.MAX_VALUE));
  }

  /** Raises 22011. */
  public static UTF8String substring(UTF8String x, int start, int count) {
    if (count < 0) {
      throw new PgError("22011", "negative substring length not allowed");
    }
    return text(slice(x.toString(), start - 1L, start - 1L + count));
  }

  public static UTF8String left(UTF8String x, int count) {
    String body = x.toString();
    return text(slice(body, 0, count >= 0 ? count : (long) length(body) + count));
  }

  public static UTF8String right(UTF8String x, int count) {
    String body = x.toString();
    return text(slice(body, count >= 0 ? (long) length(body) - count : -(long) count, Integer.MAX_VALUE));
  }

  public static UTF8String trimLeft(UTF8String x, UTF8String set) {
    return text(trimmed(x.toString(), set.toString(), true, false));
  }

  public static UTF8String trimRight(UTF8String x, UTF8String set) {
    return text(trimmed(x.toString(), set.toString(), false, true));
  }

  public static UTF8String trim(UTF8String x, UTF8String set) {
    return text(trimmed(x.toString(), set.toString(), true, true));
  }

  private static String trimmed(String x, String set, boolean left, boolean right) {
    int start = 0;
    int end = x.length();
    while (left && start < end && set.indexOf(x.codePointAt(start)) >= 0) {
      start += Character.charCount(x.codePointAt(start));
    }
    while (right && end > start && set.indexOf(x.codePointBefore(end)) >= 0) {
      end -= Character.charCount(x.codePointBefore(end));
    }
    return x.substring(start, end);
  }

  public static UTF8String padLeft(UTF8String x, int length, UTF8String fill) {
    String body = x.toString();
    String padding = padding(body, length, fill.toString());
    return text(padding == null ? slice(body, 0, length) : padding + body);
  }

  public static UTF8String padRight(UTF8String x, int length, UTF8String fill) {
    String body = x.toString();
    String padding = padding(body, length, fill.toString());
    return text(padding == null ? slice(body, 0, length) : body + padding);
  }

  /** Null where nothing is to be added. */
  private static String padding(String x, int length, String fill) {
    int missing = length - length(x);
    if (missing <= 0 || fill.isEmpty()) {
      return null;
    }
    checkSize(length * 4L);
    int whole = missing / length(fill);
    return fill.repeat(whole) + slice(fill, 0, missing - (long) whole * length(fill));
  }

  private static void checkSize(long bytes) {
    if (bytes > BYTES_MAX) {
      throw new PgError("54000", "requested length too large");
    }
  }

  public static UTF8String repeat(UTF8String x, int count) {
    int times = Math.max(count, 0);
    checkSize((long) x.numBytes() * times);
    return x.repeat(times);
  }

  public static UTF8String replace(UTF8String x, UTF8String from, UTF8String to) {
    return from.numBytes() == 0 ? x : text(x.toString().replace(from.toString(), to.toString()));
  }

  public static UTF8String reverse(UTF8String x) {
    int[] points = x.toString().codePoints().toArray();
    StringBuilder out = new StringBuilder(points.length);
    for (int i = points.length - 1; i >= 0; i--) {
      out.appendCodePoint(points[i]);
    }
    return text(out.toString());
  }

  public static UTF8String translate(UTF8String x, UTF8String from, UTF8String to) {
    int[] source = from.toString().codePoints().toArray();
    int[] target = to.toString().codePoints().toArray();
    Map<Integer, Integer> table = new HashMap<>();
    for (int i = 0; i < source.length; i++) {
      table.putIfAbsent(source[i], i < target.length ? target[i] : -1);
    }
    StringBuilder out = new StringBuilder();
    x.toString().codePoints().map(c -> table.getOrDefault(c, c)).filter(c -> c >= 0).forEach(out::appendCodePoint);
    return text(out.toString());
  }

  /** From 1; 0 where it does not occur. */
  public static int position(UTF8String x, UTF8String part) {
    String body = x.toString();
    int at = body.indexOf(part.toString());
    return at < 0 ? 0 : body.codePointCount(0, at) + 1;
  }

  /** Raises 22023. */
  public static UTF8String splitPart(UTF8String x, UTF8String delimiter, int index) {
    if (index == 0) {
      throw new PgError("22023", "field position must not be zero");
    }
    String body = x.toString();
    if (body.isEmpty()) {
      return x;
    }
    String[] parts =
        delimiter.numBytes() == 0
            ? new String[] {body}
            : body.split(java.util.regex.Pattern.quote(delimiter.toString()), -1);
    int at = index > 0 ? index - 1 : parts.length + index;
    return text(at >= 0 && at < parts.length ? parts[at] : "");
  }

  public static int ascii(UTF8String x) {
    return x.numBytes() == 0 ? 0 : x.toString().codePointAt(0);
  }

  /** Raises 54000, 22023. */
  public static UTF8String chr(int code) {
    if (code == 0) {
      throw new PgError("54000", "null character not permitted");
    }
    if (code < 0) {
      throw new PgError("22023", "character number must be positive");
    }
    if (code > Character.MAX_CODE_POINT || code >= 0xD800 && code <= 0xDFFF) {
      throw new PgError("54000", "requested character not valid for encoding: " + code);
    }
    return text(Character.toString(code));
  }

  /** Raises 22011. */
  public static UTF8String overlay(UTF8String x, UTF8String other, int start, int count) {
    if (start <= 0) {
      throw new PgError("22011", "negative substring length not allowed");
    }
    String body = x.toString();
    long after = (long) start - 1 + count;
    return text(slice(body, 0, start - 1L) + other + slice(body, after, Integer.MAX_VALUE));
  }

  public static UTF8String overlay(UTF8String x, UTF8String other, int start) {
    return overlay(x, other, start, length(other.toString()));
  }

  public static UTF8String quoteLiteral(UTF8String x) {
    String body = x.toString().replace("'", "''");
    boolean escaped = body.indexOf('\\') >= 0;
    return text(escaped ? "E'" + body.replace("\\", "\\\\") + "'" : "'" + body + "'");
  }

  /** varchar(n) by assignment: only blanks may be lost. Raises 22001. */
  public static UTF8String fitVarchar(UTF8String x, int length) {
    String body = x.toString();
    if (body.length() <= length || length(body) <= length) {
      return x;
    }
    String kept = slice(body, 0, length);
    if (!body.substring(kept.length()).replace(" ", "").isEmpty()) {
      throw new PgError("22001", "value too long for type character varying(" + length + ")");
    }
    return text(kept);
  }

  /** char(n) by assignment, of a text without trailing blanks. Raises 22001. */
  public static UTF8String fitBpchar(UTF8String x, int length) {
    String body = x.toString();
    if (body.length() > length && length(body) > length) {
      throw new PgError("22001", "value too long for type character(" + length + ")");
    }
    return x;
  }
}
