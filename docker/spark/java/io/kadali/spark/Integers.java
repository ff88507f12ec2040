package io.kadali.spark;

import java.math.BigInteger;
import org.apache.spark.unsafe.types.UTF8String;

/** Integers: input, casts with PostgreSQL's ranges, remainders, and checks of arguments. */
public final class Integers {
  private static final UTF8String SMALLINT = UTF8String.fromString("smallint");
  private static final UTF8String INTEGER = UTF8String.fromString("integer");
  private static final UTF8String BIGINT = UTF8String.fromString("bigint");
  private static final UTF8String OID = UTF8String.fromString("oid");

  private Integers() {}

  public static short readSmall(UTF8String text) {
    return (short) TextInput.integer(text, SMALLINT);
  }

  public static int readInt(UTF8String text) {
    return (int) TextInput.integer(text, INTEGER);
  }

  public static long readLong(UTF8String text) {
    return TextInput.integer(text, BIGINT);
  }

  public static long readOid(UTF8String text) {
    return TextInput.integer(text, OID);
  }

  public static short small(double x) {
    return (short) Floats.integer(x, SMALLINT);
  }

  public static int integer(double x) {
    return (int) Floats.integer(x, INTEGER);
  }

  public static long big(double x) {
    return Floats.integer(x, BIGINT);
  }

  public static short numericSmall(UTF8String x) {
    return (short) NumericFunctions.toInteger(x, SMALLINT);
  }

  public static int numericInt(UTF8String x) {
    return (int) NumericFunctions.toInteger(x, INTEGER);
  }

  public static long numericLong(UTF8String x) {
    return NumericFunctions.toInteger(x, BIGINT);
  }

  /** The remainder with the sign of `a`. Raises 22012. */
  public static long modulo(long a, long b) {
    if (b == 0) {
      throw PgError.divisionByZero();
    }
    return b == -1 ? 0 : a % b;
  }

  public static int modulo(int a, int b) {
    return (int) modulo((long) a, (long) b);
  }

  public static short modulo(short a, short b) {
    return (short) modulo((long) a, (long) b);
  }

  public static int gcd(int a, int b) {
    return fitting(BigInteger.valueOf(a).gcd(BigInteger.valueOf(b)), INTEGER).intValue();
  }

  public static long gcd(long a, long b) {
    return fitting(BigInteger.valueOf(a).gcd(BigInteger.valueOf(b)), BIGINT).longValue();
  }

  public static int lcm(int a, int b) {
    return fitting(multiple(a, b), INTEGER).intValue();
  }

  public static long lcm(long a, long b) {
    return fitting(multiple(a, b), BIGINT).longValue();
  }

  private static BigInteger multiple(long a, long b) {
    if (a == 0 || b == 0) {
      return BigInteger.ZERO;
    }
    BigInteger one = BigInteger.valueOf(a);
    BigInteger other = BigInteger.valueOf(b);
    return one.divide(one.gcd(other)).multiply(other).abs();
  }

  private static BigInteger fitting(BigInteger number, UTF8String type) {
    if (number.bitLength() > TextInput.bits(type.toString())) {
      throw new PgError("22003", type + " out of range");
    }
    return number;
  }

  /** The argument of LIMIT. Raises 2201W. */
  public static long limit(long count) {
    return notNegative(count, "2201W", "LIMIT must not be negative");
  }

  /** The argument of OFFSET. Raises 2201X. */
  public static long offset(long count) {
    return notNegative(count, "2201X", "OFFSET must not be negative");
  }

  private static long notNegative(long count, String state, String message) {
    if (count < 0) {
      throw new PgError(state, message);
    }
    return count;
  }

  /** The version of this library's functions: raised when one changes its meaning. */
  public static UTF8String version() {
    return UTF8String.fromString("1");
  }
}
