package io.kadali.spark;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.apache.spark.unsafe.types.UTF8String;

/** Functions of numerics in exact text: what Spark SQL calls. */
public final class NumericFunctions {
  private static final BigInteger BOUND = BigInteger.TEN.pow(38).subtract(BigInteger.ONE);
  private static final int KEY_EXPONENT = 200_000;

  private NumericFunctions() {}

  public static UTF8String read(UTF8String text) {
    return Numeric.read(text.toString()).text();
  }

  public static UTF8String add(UTF8String a, UTF8String b) {
    return Numeric.of(a).plus(Numeric.of(b)).text();
  }

  public static UTF8String subtract(UTF8String a, UTF8String b) {
    return Numeric.of(a).plus(Numeric.of(b).negate()).text();
  }

  public static UTF8String multiply(UTF8String a, UTF8String b) {
    return Numeric.of(a).times(Numeric.of(b)).text();
  }

  public static UTF8String divide(UTF8String a, UTF8String b) {
    return Numeric.of(a).dividedBy(Numeric.of(b)).text();
  }

  public static UTF8String quotient(UTF8String a, UTF8String b) {
    return Numeric.of(a).quotient(Numeric.of(b)).text();
  }

  public static UTF8String modulo(UTF8String a, UTF8String b) {
    return Numeric.of(a).remainder(Numeric.of(b)).text();
  }

  public static UTF8String negate(UTF8String a) {
    return Numeric.of(a).negate().text();
  }

  public static UTF8String abs(UTF8String a) {
    return Numeric.of(a).abs().text();
  }

  public static UTF8String sign(UTF8String a) {
    Numeric number = Numeric.of(a);
    return number.isNaN() ? number.text() : UTF8String.fromString(Integer.toString(number.signum()));
  }

  public static UTF8String ceil(UTF8String a) {
    return Numeric.of(a).rounded(0, RoundingMode.CEILING).text();
  }

  public static UTF8String floor(UTF8String a) {
    return Numeric.of(a).rounded(0, RoundingMode.FLOOR).text();
  }

  public static UTF8String round(UTF8String a, int scale) {
    return Numeric.of(a).rounded(scale, RoundingMode.HALF_UP).text();
  }

  public static UTF8String truncate(UTF8String a, int scale) {
    return Numeric.of(a).rounded(scale, RoundingMode.DOWN).text();
  }

  public static UTF8String typed(UTF8String a, int precision, int scale) {
    return Numeric.of(a).typed(precision, scale).text();
  }

  public static UTF8String trimScale(UTF8String a) {
    return Numeric.of(a).trimmed().text();
  }

  public static int scale(UTF8String a) {
    return Numeric.of(a).scale();
  }

  /** min_scale(). */
  public static int minScale(UTF8String a) {
    return Numeric.of(a).trimmed().scale();
  }

  /** The plain text of a DECIMAL with `physical` digits after the point as one with `scale` of them. */
  public static UTF8String display(UTF8String a, int scale, int physical) {
    return scale == physical ? a : truncate(a, scale);
  }

  /** A text that orders by bytes as the numbers do, equal for 1.0 and 1.00: -Infinity, numbers, Infinity, NaN. */
  public static UTF8String key(UTF8String a) {
    Numeric number = Numeric.of(a);
    String found;
    if (!number.isFinite()) {
      found = number.isNaN() ? "9" : number.signum() > 0 ? "8" : "0";
    } else if (number.signum() == 0) {
      found = "4";
    } else {
      String digits = number.value.abs().stripTrailingZeros().unscaledValue().toString();
      int exponent = Numeric.adjusted(number.value) + KEY_EXPONENT;
      found =
          number.signum() > 0
              ? "5" + sixDigits(exponent) + digits
              : "3" + sixDigits(999_999 - exponent) + nines(digits) + "~";
    }
    return UTF8String.fromString(found);
  }

  private static String sixDigits(int number) {
    return Integer.toString(1_000_000 + number).substring(1);
  }

  private static String nines(String digits) {
    StringBuilder out = new StringBuilder(digits.length());
    for (int i = 0; i < digits.length(); i++) {
      out.append((char) ('9' - digits.charAt(i) + '0'));
    }
    return out.toString();
  }

  /** The least DECIMAL(38, scale) not below the number. */
  public static UTF8String ceilAt(UTF8String a, int scale) {
    return threshold(a, scale, RoundingMode.CEILING);
  }

  /** The greatest DECIMAL(38, scale) not above the number. */
  public static UTF8String floorAt(UTF8String a, int scale) {
    return threshold(a, scale, RoundingMode.FLOOR);
  }

  private static UTF8String threshold(UTF8String a, int scale, RoundingMode mode) {
    Numeric number = Numeric.of(a);
    Numeric bound = Numeric.of(new BigDecimal(BOUND, scale));
    if (number.compareTo(bound) >= 0) {
      return bound.text();
    }
    return number.compareTo(bound.negate()) <= 0 ? bound.negate().text() : number.rounded(scale, mode).text();
  }

  public static UTF8String power(UTF8String a, UTF8String b) {
    return NumericMath.power(Numeric.of(a), Numeric.of(b)).text();
  }

  public static UTF8String sqrt(UTF8String a) {
    return NumericMath.squareRoot(Numeric.of(a)).text();
  }

  public static UTF8String exp(UTF8String a) {
    return NumericMath.exponential(Numeric.of(a)).text();
  }

  public static UTF8String ln(UTF8String a) {
    return NumericMath.naturalLogarithm(Numeric.of(a)).text();
  }

  public static UTF8String log10(UTF8String a) {
    return NumericMath.logarithm(Numeric.of(BigDecimal.TEN), Numeric.of(a)).text();
  }

  public static UTF8String log(UTF8String base, UTF8String a) {
    return NumericMath.logarithm(Numeric.of(base), Numeric.of(a)).text();
  }

  /** An exact sum divided by the number of its terms; NULL of none. */
  public static UTF8String average(UTF8String total, long count) {
    return count == 0 ? null : Numeric.of(total).dividedBy(Numeric.of(BigDecimal.valueOf(count))).text();
  }

  /** `kind` is var_samp, var_pop, stddev_samp or stddev_pop; NULL where PostgreSQL gives it. */
  public static UTF8String variance(long count, UTF8String total, UTF8String squares, UTF8String kind) {
    Numeric found = NumericMath.variance(count, Numeric.of(total), Numeric.of(squares), kind.toString());
    return found == null ? null : found.text();
  }

  /** numeric_float8: correctly rounded. Raises 22003. */
  public static double toDouble(UTF8String a) {
    Numeric number = Numeric.of(a);
    if (!number.isFinite()) {
      return number.isNaN() ? Double.NaN : number.signum() * Double.POSITIVE_INFINITY;
    }
    return FloatText.readDouble(a);
  }

  /** numeric_float4: correctly rounded. Raises 22003. */
  public static float toFloat(UTF8String a) {
    return FloatText.readFloat(a);
  }

  /** The integer nearest to a numeric, ties away from zero. Raises 22003, 0A000. */
  public static long toInteger(UTF8String a, UTF8String type) {
    Numeric number = Numeric.of(a);
    if (!number.isFinite()) {
      throw new PgError("0A000", "cannot convert " + (number.isNaN() ? "NaN" : "infinity") + " to " + type);
    }
    BigInteger whole = number.value.setScale(0, RoundingMode.HALF_UP).unscaledValue();
    int bits = TextInput.bits(type.toString());
    if (whole.bitLength() > bits) {
      throw new PgError("22003", type + " out of range");
    }
    return whole.longValue();
  }
}
