package io.kadali.spark;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.regex.Pattern;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * A value of PostgreSQL's type numeric: a decimal with its display scale, or NaN or an infinity. Scales follow
 * numeric.c; roots, powers and logarithms are {@link NumericMath}'s.
 */
final class Numeric {
  static final Numeric NAN = new Numeric(null, 0);
  static final Numeric INFINITY = new Numeric(null, 1);
  static final Numeric MINUS_INFINITY = new Numeric(null, -1);
  static final Numeric ZERO = of(BigDecimal.ZERO);
  static final Numeric ONE = of(BigDecimal.ONE);
  static final int MIN_SIG_DIGITS = 16;
  static final int DISPLAY_SCALE_MAX = 1000;
  private static final BigInteger TEN_THOUSAND = BigInteger.valueOf(10_000);
  private static final Pattern SYNTAX =
      Pattern.compile("[+-]?(?:\\d(?:_?\\d)*\\.?(?:\\d(?:_?\\d)*)?|\\.\\d(?:_?\\d)*)(?:[eE][+-]?\\d+)?");
  private static final int DIGITS_MAX = 131_072;
  private static final int SCALE_MAX = 16_383;

  /** Null for NaN and the infinities; its scale is never negative. */
  final BigDecimal value;

  private final int sign;

  private Numeric(BigDecimal value, int sign) {
    this.value = value;
    this.sign = sign;
  }

  static Numeric of(BigDecimal value) {
    return new Numeric(value.scale() < 0 ? value.setScale(0) : value, 0);
  }

  /** The number of a text that this library or PostgreSQL wrote. */
  static Numeric of(UTF8String text) {
    String digits = text.toString();
    return switch (digits) {
      case "NaN" -> NAN;
      case "Infinity" -> INFINITY;
      case "-Infinity" -> MINUS_INFINITY;
      default -> of(new BigDecimal(digits));
    };
  }

  /** numeric_in. */
  static Numeric read(String text) {
    String body = Texts.strip(text);
    String low = body.toLowerCase(java.util.Locale.ROOT);
    switch (low) {
      case "nan":
        return NAN;
      case "inf", "infinity", "+inf", "+infinity":
        return INFINITY;
      case "-inf", "-infinity":
        return MINUS_INFINITY;
      default:
        break;
    }
    if (!SYNTAX.matcher(body).matches()) {
      throw PgError.invalidText("numeric", text);
    }
    BigDecimal found;
    try {
      found = new BigDecimal(body.replace("_", ""));
    } catch (NumberFormatException | ArithmeticException error) {
      throw overflows();
    }
    if (found.signum() != 0 && adjusted(found) >= DIGITS_MAX || found.scale() > SCALE_MAX) {
      throw overflows();
    }
    return of(found.signum() == 0 && found.scale() < 0 ? BigDecimal.ZERO : found);
  }

  static PgError overflows() {
    return new PgError("22003", "value overflows numeric format");
  }

  UTF8String text() {
    return UTF8String.fromString(toString());
  }

  @Override
  public String toString() {
    return value != null ? value.toPlainString() : isNaN() ? "NaN" : sign > 0 ? "Infinity" : "-Infinity";
  }

  boolean isNaN() {
    return value == null && sign == 0;
  }

  boolean isInfinite() {
    return value == null && sign != 0;
  }

  boolean isFinite() {
    return value != null;
  }

  int signum() {
    return value != null ? value.signum() : sign;
  }

  int scale() {
    return value != null ? value.scale() : 0;
  }

  Numeric negate() {
    return value != null ? of(value.negate()) : isNaN() ? NAN : sign > 0 ? MINUS_INFINITY : INFINITY;
  }

  Numeric abs() {
    return value != null ? of(value.abs()) : isNaN() ? NAN : INFINITY;
  }

  Numeric plus(Numeric other) {
    if (value != null && other.value != null) {
      return of(value.add(other.value));
    }
    if (isNaN() || other.isNaN() || isInfinite() && other.isInfinite() && sign != other.sign) {
      return NAN;
    }
    return isInfinite() ? this : other;
  }

  Numeric times(Numeric other) {
    if (value != null && other.value != null) {
      return of(value.multiply(other.value));
    }
    int product = signum() * other.signum();
    return isNaN() || other.isNaN() || product == 0 ? NAN : product > 0 ? INFINITY : MINUS_INFINITY;
  }

  /** Raises 22012. */
  Numeric dividedBy(Numeric other) {
    if (isNaN() || other.isNaN()) {
      return NAN;
    }
    if (other.isFinite() && other.signum() == 0) {
      throw PgError.divisionByZero();
    }
    if (isInfinite()) {
      return other.isInfinite() ? NAN : other.signum() > 0 ? this : negate();
    }
    if (other.isInfinite()) {
      return ZERO;
    }
    return of(value.divide(other.value, divisionScale(value, other.value), RoundingMode.HALF_UP));
  }

  /** select_div_scale of numeric.c. */
  static int divisionScale(BigDecimal left, BigDecimal right) {
    int weight = weight(left) - weight(right);
    if (firstDigit(left) <= firstDigit(right)) {
      weight--;
    }
    int scale = Math.max(MIN_SIG_DIGITS - weight * 4, Math.max(left.scale(), right.scale()));
    return Math.min(Math.max(scale, 0), DISPLAY_SCALE_MAX);
  }

  /** div(): the quotient toward zero, scale 0. Raises 22012. */
  Numeric quotient(Numeric other) {
    if (isFinite() && other.isFinite() && other.signum() != 0) {
      return of(value.divide(other.value, 0, RoundingMode.DOWN));
    }
    Numeric found = dividedBy(other);
    return found.isFinite() ? ZERO : found;
  }

  /** mod(): the sign of this, the larger scale. Raises 22012. */
  Numeric remainder(Numeric other) {
    if (isNaN() || other.isNaN()) {
      return NAN;
    }
    if (other.isFinite() && other.signum() == 0) {
      throw PgError.divisionByZero();
    }
    if (isInfinite()) {
      return NAN;
    }
    if (other.isInfinite()) {
      return this;
    }
    int scale = Math.max(scale(), other.scale());
    return of(value.remainder(other.value).setScale(scale, RoundingMode.UNNECESSARY));
  }

  /** To `scale` digits after the point, before it if negative. */
  Numeric rounded(int scale, RoundingMode mode) {
    if (value == null) {
      return this;
    }
    int bounded = Math.min(Math.max(scale, -DIGITS_MAX), SCALE_MAX);
    return of(value.setScale(bounded, mode));
  }

  Numeric trimmed() {
    if (value == null) {
      return this;
    }
    return value.signum() == 0 ? ZERO : of(value.stripTrailingZeros());
  }

  /** numeric(precision, scale). Raises 22003. */
  Numeric typed(int precision, int scale) {
    if (isNaN()) {
      return this;
    }
    Numeric moved = rounded(scale, RoundingMode.HALF_UP);
    if (isInfinite() || moved.signum() != 0 && adjusted(moved.value) >= precision - scale) {
      throw new PgError("22003", "numeric field overflow");
    }
    return moved;
  }

  /** NaN is greater than all and equal to itself. */
  int compareTo(Numeric other) {
    if (value != null && other.value != null) {
      return value.compareTo(other.value);
    }
    return Integer.compare(rank(), other.rank());
  }

  private int rank() {
    return isNaN() ? 2 : value != null ? 0 : sign;
  }

  /** Position of the first digit: 0 for 1 to 9.99. */
  static int adjusted(BigDecimal number) {
    return number.precision() - number.scale() - 1;
  }

  /** Position of the first base-10000 digit as numeric.c keeps it. */
  static int weight(BigDecimal number) {
    return number.signum() == 0 ? 0 : Math.floorDiv(adjusted(number), 4);
  }

  private static int firstDigit(BigDecimal number) {
    return number.signum() == 0
        ? 0
        : number.abs().movePointLeft(weight(number) * 4).toBigInteger().mod(TEN_THOUSAND).intValue();
  }
}
