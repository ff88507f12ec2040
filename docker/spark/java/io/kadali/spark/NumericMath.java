package io.kadali.spark;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** Roots, powers, logarithms and moments of numeric, with the scales numeric.c chooses. */
final class NumericMath {
  private static final BigDecimal TWO = BigDecimal.valueOf(2);
  private static final BigDecimal SMALL = new BigDecimal("0.001");
  private static final int DIGITS_MAX = 131_072;

  private NumericMath() {}

  private static MathContext context(int digits) {
    return new MathContext(Math.max(digits, 50), RoundingMode.HALF_EVEN);
  }

  private static int limited(int scale, Numeric... inputs) {
    int found = Math.max(scale, 0);
    for (Numeric input : inputs) {
      found = Math.max(found, input.scale());
    }
    return Math.min(found, Numeric.DISPLAY_SCALE_MAX);
  }

  private static Numeric at(BigDecimal number, int scale) {
    return Numeric.of(number.setScale(scale, RoundingMode.HALF_UP));
  }

  /** Raises 2201F. */
  static Numeric squareRoot(Numeric number) {
    if (number.isNaN()) {
      return number;
    }
    if (number.signum() < 0) {
      throw new PgError("2201F", "cannot take square root of a negative number");
    }
    if (number.isInfinite()) {
      return number;
    }
    int weight = Numeric.weight(number.value);
    int half = weight * 4 / 2 + 1;
    int scale = limited(Numeric.MIN_SIG_DIGITS - half, number);
    return at(root(number.value, context(scale + Math.abs(half) + 20)), scale);
  }

  private static BigDecimal root(BigDecimal number, MathContext context) {
    return number.signum() == 0 ? BigDecimal.ZERO : number.sqrt(context);
  }

  /** Raises 22003. */
  static Numeric exponential(Numeric number) {
    if (!number.isFinite()) {
      return number.isNaN() || number.signum() > 0 ? number : Numeric.ZERO;
    }
    double approximate = number.value.doubleValue();
    if (approximate > 302_000) {
      throw Numeric.overflows();
    }
    int bound = Numeric.DISPLAY_SCALE_MAX;
    int weight = (int) Math.min(Math.max(approximate * 0.434294481903252, -bound), DIGITS_MAX);
    int scale = limited(Numeric.MIN_SIG_DIGITS - Math.min(weight, bound), number);
    if (approximate < -6 * bound) {
      return at(BigDecimal.ZERO, scale);
    }
    BigDecimal found = exp(number.value, context(scale + Math.abs(weight) + 20));
    if (Numeric.adjusted(found) >= DIGITS_MAX) {
      throw Numeric.overflows();
    }
    return at(found, scale);
  }

  /** e^x: the series of a small part of x, then as many squarings. */
  private static BigDecimal exp(BigDecimal x, MathContext asked) {
    int halvings = 0;
    BigDecimal small = x;
    MathContext context = context(asked.getPrecision() + 20 + Math.max(Numeric.adjusted(x), 0) * 4);
    while (small.abs().compareTo(SMALL) > 0) {
      small = small.divide(TWO, context);
      halvings++;
    }
    BigDecimal sum = BigDecimal.ONE;
    BigDecimal term = BigDecimal.ONE;
    BigDecimal least = BigDecimal.ONE.movePointLeft(context.getPrecision() + 2);
    for (int i = 1; term.signum() != 0 && term.abs().compareTo(least) > 0; i++) {
      term = term.multiply(small, context).divide(BigDecimal.valueOf(i), context);
      sum = sum.add(term, context);
    }
    for (int i = 0; i < halvings; i++) {
      sum = sum.multiply(sum, context);
    }
    return sum.round(asked);
  }

  private static void checkLogarithm(Numeric number) {
    if (number.signum() < 0) {
      throw new PgError("2201E", "cannot take logarithm of a negative number");
    }
    if (number.isFinite() && number.signum() == 0) {
      throw new PgError("2201E", "cannot take logarithm of zero");
    }
  }

  /** ln(x), absolutely exact to the context's digits: Newton's method on exp, of x between 0.1 and 1. */
  private static BigDecimal ln(BigDecimal x, MathContext asked) {
    int exponent = Numeric.adjusted(x) + 1;
    MathContext context = context(asked.getPrecision() + 10);
    BigDecimal found = lnFraction(x.movePointLeft(exponent), context);
    if (exponent == 0) {
      return found;
    }
    if (exponent == 1) {
      return lnFraction(x, context);
    }
    BigDecimal ten = lnFraction(new BigDecimal("0.1"), context).negate();
    return found.add(ten.multiply(BigDecimal.valueOf(exponent)), context);
  }

  private static BigDecimal lnFraction(BigDecimal x, MathContext context) {
    BigDecimal y = new BigDecimal(Math.log(x.doubleValue()));
    for (int digits = 15; digits < context.getPrecision() * 2; digits *= 3) {
      BigDecimal power = exp(y, context);
      y = y.add(x.subtract(power).multiply(TWO).divide(x.add(power), context), context);
    }
    return y;
  }

  /** estimate_ln_dweight of numeric.c. */
  private static int logarithmWeight(BigDecimal number) {
    if (number.compareTo(new BigDecimal("0.9")) >= 0 && number.compareTo(new BigDecimal("1.1")) <= 0) {
      BigDecimal distance = number.subtract(BigDecimal.ONE);
      return distance.signum() == 0 ? 0 : Numeric.adjusted(distance);
    }
    int weight = Numeric.weight(number);
    BigDecimal head = number.movePointLeft(weight * 4).movePointRight(4).setScale(0, RoundingMode.DOWN);
    double ln = Math.log(head.doubleValue()) + (weight * 4 - 4) * 2.302585092994046;
    return ln == 0 ? 0 : (int) Math.log10(Math.abs(ln));
  }

  /** Raises 2201E. */
  static Numeric naturalLogarithm(Numeric number) {
    if (number.isNaN()) {
      return number;
    }
    checkLogarithm(number);
    if (number.isInfinite()) {
      return number;
    }
    int scale = limited(Numeric.MIN_SIG_DIGITS - logarithmWeight(number.value), number);
    return at(ln(number.value, context(scale + 40)), scale);
  }

  /** log(base, number). Raises 2201E, 22012. */
  static Numeric logarithm(Numeric base, Numeric number) {
    if (base.isNaN() || number.isNaN()) {
      return Numeric.NAN;
    }
    checkLogarithm(base);
    checkLogarithm(number);
    if (base.isInfinite()) {
      return number.isInfinite() ? Numeric.NAN : Numeric.ZERO;
    }
    if (number.isInfinite()) {
      return number;
    }
    if (base.value.compareTo(BigDecimal.ONE) == 0) {
      throw PgError.divisionByZero();
    }
    int weight = logarithmWeight(number.value) - logarithmWeight(base.value);
    int scale = limited(Numeric.MIN_SIG_DIGITS - weight, base, number);
    int lost = Math.max(-logarithmWeight(base.value), 0);
    MathContext context = context(scale + Math.abs(weight) + 60 + 2 * lost);
    return at(ln(number.value, context).divide(ln(base.value, context), context), scale);
  }

  /** Raises 2201F, 22003. */
  static Numeric power(Numeric base, Numeric exponent) {
    if (base.isFinite() && exponent.isFinite()) {
      return finitePower(base, exponent);
    }
    if (base.isNaN()) {
      return exponent.isFinite() && exponent.signum() == 0 ? Numeric.ONE : base;
    }
    boolean one = base.isFinite() && base.value.compareTo(BigDecimal.ONE) == 0;
    if (exponent.isNaN()) {
      return one ? Numeric.ONE : exponent;
    }
    if (exponent.isInfinite()) {
      return one ? Numeric.ONE : infinitePower(base, exponent);
    }
    if (exponent.signum() == 0) {
      return Numeric.ONE;
    }
    if (base.signum() < 0 && !isWhole(exponent.value)) {
      throw complexResult();
    }
    if (exponent.signum() < 0) {
      return Numeric.ZERO;
    }
    boolean odd = isWhole(exponent.value) && exponent.value.toBigInteger().testBit(0);
    return base.signum() < 0 && odd ? Numeric.MINUS_INFINITY : Numeric.INFINITY;
  }

  private static Numeric infinitePower(Numeric base, Numeric exponent) {
    if (base.isFinite() && base.signum() == 0) {
      if (exponent.signum() < 0) {
        throw new PgError("2201F", "zero raised to a negative power is undefined");
      }
      return Numeric.ZERO;
    }
    int size = base.isInfinite() ? 1 : base.value.abs().compareTo(BigDecimal.ONE);
    return size == 0 ? Numeric.ONE : (size > 0) == (exponent.signum() > 0) ? Numeric.INFINITY : Numeric.ZERO;
  }

  private static boolean isWhole(BigDecimal number) {
    return number.signum() == 0 || number.stripTrailingZeros().scale() <= 0;
  }

  private static PgError complexResult() {
    return new PgError("2201F", "a negative number raised to a non-integer power yields a complex result");
  }

  private static Numeric finitePower(Numeric base, Numeric exponent) {
    if (base.signum() == 0 && exponent.signum() < 0) {
      throw new PgError("2201F", "zero raised to a negative power is undefined");
    }
    boolean whole = isWhole(exponent.value);
    if (base.signum() < 0 && !whole) {
      throw complexResult();
    }
    if (whole && exponent.value.toBigInteger().bitLength() <= 31) {
      return integerPower(base, exponent.value.intValue(), exponent.scale());
    }
    if (base.signum() == 0) {
      return at(BigDecimal.ZERO, Numeric.MIN_SIG_DIGITS);
    }
    BigDecimal ln = ln(base.value.abs(), context(50));
    int weight = (int) Math.floor(exponent.value.doubleValue() * ln.doubleValue() * 0.4342944819032518);
    if (weight > DIGITS_MAX) {
      throw Numeric.overflows();
    }
    if (weight < -Numeric.DISPLAY_SCALE_MAX * 2) {
      return at(BigDecimal.ZERO, Numeric.DISPLAY_SCALE_MAX);
    }
    int scale = limited(Numeric.MIN_SIG_DIGITS - weight, base, exponent);
    MathContext context = context(scale + Math.abs(weight) + 60);
    BigDecimal found = exp(ln(base.value.abs(), context).multiply(exponent.value), context);
    boolean odd = whole && exponent.value.toBigInteger().testBit(0);
    return at(base.signum() < 0 && odd ? found.negate() : found, scale);
  }

  /** power_var_int of numeric.c. */
  private static Numeric integerPower(Numeric base, int exponent, int exponentScale) {
    if (base.signum() == 0) {
      int scale = Math.max(Numeric.MIN_SIG_DIGITS, Math.max(base.scale(), exponentScale));
      return at(exponent == 0 ? BigDecimal.ONE : BigDecimal.ZERO, scale);
    }
    BigInteger digits = base.value.unscaledValue().abs();
    String shown = digits.toString();
    String head = shown.substring(0, Math.min(shown.length(), 17));
    double weight = exponent * (Math.log10(Double.parseDouble(head)) + Numeric.adjusted(base.value) - head.length() + 1);
    if (weight > DIGITS_MAX) {
      throw Numeric.overflows();
    }
    if (weight + 1 < -Numeric.DISPLAY_SCALE_MAX) {
      return at(BigDecimal.ZERO, Numeric.DISPLAY_SCALE_MAX);
    }
    int scale = Math.max(Numeric.MIN_SIG_DIGITS - (int) weight, Math.max(base.scale(), exponentScale));
    scale = Math.min(Math.max(scale, 0), Numeric.DISPLAY_SCALE_MAX);
    if (exponent == 0) {
      return at(BigDecimal.ONE, scale);
    }
    if (exponent == 1) {
      return at(base.value, scale);
    }
    if (exponent == -1) {
      return Numeric.of(BigDecimal.ONE.divide(base.value, scale, RoundingMode.HALF_UP));
    }
    MathContext context = context(scale + Math.abs((int) weight) + 40);
    return at(repeated(base.value, exponent, context), scale);
  }

  private static BigDecimal repeated(BigDecimal base, int exponent, MathContext context) {
    MathContext inner = context(context.getPrecision() + 12);
    BigDecimal found = BigDecimal.ONE;
    BigDecimal square = base;
    for (long left = Math.abs((long) exponent); left > 0; left >>= 1) {
      if ((left & 1) == 1) {
        found = found.multiply(square, inner);
      }
      if (left > 1) {
        square = square.multiply(square, inner);
      }
    }
    return exponent < 0 ? BigDecimal.ONE.divide(found, inner) : found;
  }

  /** numeric_stddev_internal of numeric.c; null where that gives NULL. */
  static Numeric variance(long count, Numeric total, Numeric squares, String kind) {
    boolean sample = kind.endsWith("samp");
    if (count == 0 || sample && count == 1) {
      return null;
    }
    if (!total.isFinite() || !squares.isFinite()) {
      return Numeric.NAN;
    }
    BigDecimal n = BigDecimal.valueOf(count);
    BigDecimal numerator = n.multiply(squares.value).subtract(total.value.multiply(total.value));
    if (numerator.signum() <= 0) {
      return Numeric.ZERO;
    }
    BigDecimal denominator = n.multiply(sample ? n.subtract(BigDecimal.ONE) : n);
    int scale = Numeric.divisionScale(numerator, denominator);
    BigDecimal found = numerator.divide(denominator, scale, RoundingMode.HALF_UP);
    return kind.startsWith("var") ? Numeric.of(found) : at(root(found, context(scale + 60)), scale);
  }
}
