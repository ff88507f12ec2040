package io.kadali.spark;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.spark.unsafe.types.UTF8String;

/** Floats as PostgreSQL prints them (shortest text that reads back the same) and reads them. */
public final class FloatText {
  private static final Pattern SYNTAX =
      Pattern.compile(
          "[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|[+-]?(?:inf|infinity)|nan", Pattern.CASE_INSENSITIVE);
  private static final BigDecimal HALF = new BigDecimal("0.5");

  private FloatText() {}

  public static UTF8String text(double number) {
    if (number == Math.rint(number) && Math.abs(number) < 1e15 && number != 0) {
      return UTF8String.fromString(Long.toString((long) number));
    }
    return UTF8String.fromString(shortest(number, false));
  }

  public static UTF8String text(float number) {
    return UTF8String.fromString(shortest(number, true));
  }

  private static String special(double number) {
    return Double.isNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
  }

  private static String shortest(double number, boolean single) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return special(number);
    }
    if (number == 0) {
      return 1 / number < 0 ? "-0" : "0";
    }
    BigDecimal short_ = digits(Math.abs(number), single);
    String figures = short_.unscaledValue().toString();
    int exponent = Numeric.adjusted(short_);
    String sign = number < 0 ? "-" : "";
    if (exponent > -5 && exponent < (single ? 6 : 15)) {
      return sign + short_.toPlainString();
    }
    String power = Integer.toString(Math.abs(exponent));
    return sign
        + figures.charAt(0)
        + (figures.length() > 1 ? "." + figures.substring(1) : "")
        + (exponent < 0 ? "e-" : "e+")
        + (power.length() < 2 ? "0" : "")
        + power;
  }

  /** The shortest decimal, of those the nearest, that is nearer to the number than to its neighbours. */
  private static BigDecimal digits(double number, boolean single) {
    String first = single ? Float.toString((float) number) : Double.toString(number);
    BigDecimal found = new BigDecimal(first).stripTrailingZeros();
    int count = found.precision();
    boolean ordinary =
        single
            ? number >= Float.MIN_NORMAL && number < 0x1p24
            : number >= Double.MIN_NORMAL && number < 0x1p53;
    if (ordinary && count <= (single ? 6 : 15)) {
      return found; // no other decimal with so few digits reads as this number
    }
    BigDecimal exact = new BigDecimal(number);
    if (!isInside(found, exact, number, single)) {
      found = null;
    }
    for (int n = found == null ? count + 1 : count; n > 0; n--) {
      BigDecimal shorter = nearest(exact, n, number, single);
      if (shorter == null) {
        break;
      }
      found = shorter;
    }
    return found == null ? exact.stripTrailingZeros() : found.stripTrailingZeros();
  }

  private static BigDecimal nearest(BigDecimal exact, int count, double number, boolean single) {
    BigDecimal down = exact.round(new MathContext(count, RoundingMode.DOWN));
    if (down.compareTo(exact) == 0) {
      return down;
    }
    BigDecimal up = exact.round(new MathContext(count, RoundingMode.UP));
    int nearer = exact.subtract(down).compareTo(up.subtract(exact));
    BigDecimal preferred = nearer < 0 || nearer == 0 && !down.unscaledValue().testBit(0) ? down : up;
    BigDecimal other = preferred == down ? up : down;
    if (isInside(preferred, exact, number, single)) {
      return preferred;
    }
    return isInside(other, exact, number, single) ? other : null;
  }

  /** PostgreSQL never takes a decimal exactly half way to a neighbour. */
  private static boolean isInside(BigDecimal decimal, BigDecimal exact, double number, boolean single) {
    if (single ? decimal.floatValue() != (float) number : decimal.doubleValue() != number) {
      return false;
    }
    double neighbour;
    if (single) {
      float one = (float) number;
      neighbour = decimal.compareTo(exact) < 0 ? Math.nextDown(one) : Math.nextUp(one);
    } else {
      neighbour = decimal.compareTo(exact) < 0 ? Math.nextDown(number) : Math.nextUp(number);
    }
    if (Double.isInfinite(neighbour)) {
      return true;
    }
    BigDecimal middle = exact.add(new BigDecimal(neighbour)).multiply(HALF);
    return decimal.compareTo(middle) != 0;
  }

  /** float8in. Raises 22P02, 22003. */
  public static double readDouble(UTF8String text) {
    String body = body(text, "double precision");
    double found = Double.parseDouble(body);
    if (Double.isInfinite(found) && isDigits(body) || found == 0 && hasDigit(body)) {
      throw outOfRange(text, "double precision");
    }
    return found;
  }

  /** float4in. Raises 22P02, 22003. */
  public static float readFloat(UTF8String text) {
    String body = body(text, "real");
    float found = Float.parseFloat(body);
    if (Float.isInfinite(found) && isDigits(body) || found == 0 && hasDigit(body)) {
      throw outOfRange(text, "real");
    }
    return found;
  }

  private static String body(UTF8String text, String type) {
    String body = Texts.strip(text.toString());
    if (!SYNTAX.matcher(body).matches()) {
      throw PgError.invalidText(type, text.toString());
    }
    String low = body.toLowerCase(Locale.ROOT);
    if (low.endsWith("nan")) {
      return "NaN";
    }
    return low.contains("inf") ? (low.startsWith("-") ? "-Infinity" : "Infinity") : body;
  }

  private static boolean isDigits(String body) {
    return !body.endsWith("y");
  }

  private static boolean hasDigit(String body) {
    for (int i = 0; i < body.length() && body.charAt(i) != 'e' && body.charAt(i) != 'E'; i++) {
      if (body.charAt(i) >= '1' && body.charAt(i) <= '9') {
        return true;
      }
    }
    return false;
  }

  private static PgError outOfRange(UTF8String text, String type) {
    return new PgError("22003", "\"" + Texts.strip(text.toString()) + "\" is out of range for type " + type);
  }

  /** float8_numeric: 15 significant digits. */
  public static UTF8String numeric(double number) {
    return numeric(number, 15);
  }

  /** float4_numeric: 6 significant digits. */
  public static UTF8String numeric(float number) {
    return numeric(number, 6);
  }

  private static UTF8String numeric(double number, int precision) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return UTF8String.fromString(special(number));
    }
    BigDecimal rounded = new BigDecimal(number).round(new MathContext(precision, RoundingMode.HALF_EVEN));
    return rounded.signum() == 0 ? Numeric.ZERO.text() : Numeric.of(rounded.stripTrailingZeros()).text();
  }
}
