package io.kadali.spark;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.unsafe.types.UTF8String;

/** to_char of numbers: digits, point, groups, sign at either end and FM; other patterns are refused. */
public final class NumberFormat {
  private static final Pattern SHAPE =
      Pattern.compile("(FM)?(S|MI)?([09,G]*)(?:([.D])([09]*))?(S|MI)?", Pattern.CASE_INSENSITIVE);

  private final boolean fill;
  private final String before;
  private final boolean point;
  private final String after;
  private final String front;
  private final String back;

  private NumberFormat(String pattern) {
    Matcher match = SHAPE.matcher(pattern);
    boolean fits =
        match.matches()
            && (match.group(2) == null || match.group(6) == null)
            && (match.group(3).indexOf('0') >= 0 || match.group(3).indexOf('9') >= 0)
            && (match.group(4) == null || !match.group(5).isEmpty());
    if (!fits) {
      throw PgError.unsupported("the format \"" + pattern + "\"");
    }
    fill = match.group(1) == null;
    before = match.group(3).toUpperCase(Locale.ROOT).replace('G', ',');
    point = match.group(4) != null;
    after = match.group(5) == null ? "" : match.group(5);
    front = match.group(2) == null ? "" : match.group(2).toUpperCase(Locale.ROOT);
    back = match.group(6) == null ? "" : match.group(6).toUpperCase(Locale.ROOT);
  }

  public static UTF8String text(UTF8String numeric, UTF8String pattern) {
    Numeric number = Numeric.of(numeric);
    if (!number.isFinite()) {
      throw PgError.unsupported("to_char of NaN or infinity");
    }
    return UTF8String.fromString(new NumberFormat(pattern.toString()).apply(number.value));
  }

  private static int places(String digits) {
    return (int) digits.chars().filter(c -> c != ',').count();
  }

  private String apply(BigDecimal exact) {
    BigDecimal number = exact.setScale(after.length(), RoundingMode.HALF_UP);
    boolean negative = number.signum() < 0;
    String digits = number.abs().toPlainString();
    int dot = digits.indexOf('.');
    String fraction = dot < 0 ? "" : digits.substring(dot + 1);
    String whole = (dot < 0 ? digits : digits.substring(0, dot)).replaceFirst("^0+", "");
    if (whole.length() > places(before)) {
      String hashes = before.replaceAll("[09]", "#") + (point ? "." + "#".repeat(after.length()) : "");
      return signed(hashes, negative, 0);
    }
    String body = before(whole);
    int first = body.length() - body.stripLeading().length();
    if (point) {
      String shown = fill ? fraction : trimmed(fraction);
      if (!fill && shown.isEmpty() && body.isBlank()) {
        body = "0";
      }
      body += "." + shown;
    }
    return signed(body, negative, first);
  }

  private String before(String digits) {
    String whole = digits.isEmpty() && after.isEmpty() && before.indexOf('0') < 0 ? "0" : digits;
    int places = places(before);
    int zeros = before.replace(",", "").indexOf('0');
    StringBuilder out = new StringBuilder();
    int digit = 0;
    boolean started = false;
    for (char c : before.toCharArray()) {
      if (c == ',') {
        out.append(started ? ',' : ' ');
        continue;
      }
      int at = digit - (places - whole.length());
      char shown = at >= 0 ? whole.charAt(at) : zeros >= 0 && digit >= zeros ? '0' : ' ';
      started = started || shown != ' ';
      out.append(shown);
      digit++;
    }
    return out.toString();
  }

  private String trimmed(String fraction) {
    int kept = after.replaceFirst("9+$", "").length();
    return fraction.substring(0, kept) + fraction.substring(kept).replaceFirst("0+$", "");
  }

  private String signed(String body, boolean negative, int first) {
    String mark = negative ? "-" : front.equals("S") || back.equals("S") ? "+" : " ";
    int at = !back.isEmpty() ? body.length() : front.equals("MI") ? 0 : first;
    String text = body.substring(0, at) + mark + body.substring(at);
    return fill ? text : text.replace(" ", "");
  }
}
