package io.kadali.spark;

/** Arithmetic and functions of floats with PostgreSQL's errors: what leaves the range is 22003, never an infinity. */
public final class Floats {
  private static final double FLOAT_LIMIT = 3.4028235677973366e38;

  private Floats() {}

  /** `result` of an operation on `a` and `b`. */
  private static double checked(double result, double a, double b) {
    if (Double.isInfinite(result) && !Double.isInfinite(a) && !Double.isInfinite(b)) {
      throw PgError.overflow();
    }
    return result;
  }

  private static float checked(float result, float a, float b) {
    if (Float.isInfinite(result) && !Float.isInfinite(a) && !Float.isInfinite(b)) {
      throw PgError.overflow();
    }
    return result;
  }

  public static double add(double a, double b) {
    return checked(a + b, a, b);
  }

  public static float add(float a, float b) {
    return checked(a + b, a, b);
  }

  public static double subtract(double a, double b) {
    return checked(a - b, a, b);
  }

  public static float subtract(float a, float b) {
    return checked(a - b, a, b);
  }

  public static double multiply(double a, double b) {
    double result = checked(a * b, a, b);
    if (result == 0 && a != 0 && b != 0) {
      throw PgError.underflow();
    }
    return result;
  }

  public static float multiply(float a, float b) {
    float result = checked(a * b, a, b);
    if (result == 0 && a != 0 && b != 0) {
      throw PgError.underflow();
    }
    return result;
  }

  public static double divide(double a, double b) {
    if (b == 0 && !Double.isNaN(a)) {
      throw PgError.divisionByZero();
    }
    double result = a / b;
    if (Double.isInfinite(result) && !Double.isInfinite(a)) {
      throw PgError.overflow();
    }
    if (result == 0 && a != 0 && !Double.isInfinite(b)) {
      throw PgError.underflow();
    }
    return result;
  }

  public static float divide(float a, float b) {
    if (b == 0 && !Float.isNaN(a)) {
      throw PgError.divisionByZero();
    }
    float result = a / b;
    if (Float.isInfinite(result) && !Float.isInfinite(a)) {
      throw PgError.overflow();
    }
    if (result == 0 && a != 0 && !Float.isInfinite(b)) {
      throw PgError.underflow();
    }
    return result;
  }

  /** float8 to float4. */
  public static float single(double x) {
    if (!Double.isInfinite(x) && Math.abs(x) >= FLOAT_LIMIT) {
      throw PgError.overflow();
    }
    float found = (float) x;
    if (found == 0 && x != 0) {
      throw PgError.underflow();
    }
    return found;
  }

  public static double sign(double x) {
    return x > 0 ? 1 : x < 0 ? -1 : 0;
  }

  /** round(): ties to even. */
  public static double rint(double x) {
    return Math.rint(x);
  }

  public static double truncate(double x) {
    return x < 0 ? Math.ceil(x) : Math.floor(x);
  }

  public static double ceil(double x) {
    return Math.ceil(x);
  }

  public static double floor(double x) {
    return Math.floor(x);
  }

  /** A float as an integer, ties to even. Raises 22003. */
  public static long integer(double x, org.apache.spark.unsafe.types.UTF8String type) {
    double whole = Math.rint(x);
    double limit = Math.scalb(1.0, TextInput.bits(type.toString()));
    if (!(whole >= -limit && whole < limit)) {
      throw new PgError("22003", type + " out of range");
    }
    return (long) whole;
  }

  public static double power(double x, double y) {
    if (x == 0 && y < 0) {
      throw new PgError("2201F", "zero raised to a negative power is undefined");
    }
    boolean finite = !Double.isInfinite(x) && !Double.isInfinite(y);
    if (x < 0 && finite && y != Math.floor(y)) {
      throw new PgError("2201F", "a negative number raised to a non-integer power yields a complex result");
    }
    if (x == 1 || y == 0) {
      return 1;
    }
    if (x == -1 && Double.isInfinite(y)) {
      return 1;
    }
    double result = Math.pow(x, y);
    if (finite && Double.isInfinite(result)) {
      throw PgError.overflow();
    }
    if (finite && result == 0 && x != 0) {
      throw PgError.underflow();
    }
    return result;
  }

  public static double sqrt(double x) {
    if (x < 0) {
      throw new PgError("2201F", "cannot take square root of a negative number");
    }
    return Math.sqrt(x);
  }

  private static void checkLogarithm(double x) {
    if (x == 0) {
      throw new PgError("2201E", "cannot take logarithm of zero");
    }
    if (x < 0) {
      throw new PgError("2201E", "cannot take logarithm of a negative number");
    }
  }

  public static double ln(double x) {
    checkLogarithm(x);
    return Math.log(x);
  }

  public static double log10(double x) {
    checkLogarithm(x);
    return Math.log10(x);
  }

  public static double exp(double x) {
    double result = Math.exp(x);
    if (!Double.isInfinite(x) && Double.isInfinite(result)) {
      throw PgError.overflow();
    }
    if (!Double.isInfinite(x) && result == 0) {
      throw PgError.underflow();
    }
    return result;
  }

  public static double degrees(double x) {
    double result = x / (Math.PI / 180.0);
    return checked(result, x, x);
  }

  public static double radians(double x) {
    return x * (Math.PI / 180.0);
  }

  private static double angle(double x) {
    if (Double.isInfinite(x)) {
      throw new PgError("22003", "input is out of range");
    }
    return x;
  }

  public static double sin(double x) {
    return Math.sin(angle(x));
  }

  public static double cos(double x) {
    return Math.cos(angle(x));
  }

  public static double tan(double x) {
    return Math.tan(angle(x));
  }

  private static double ratio(double x) {
    if (Math.abs(x) > 1) {
      throw new PgError("22003", "input is out of range");
    }
    return x;
  }

  public static double asin(double x) {
    return Math.asin(ratio(x));
  }

  public static double acos(double x) {
    return Math.acos(ratio(x));
  }

  /** A sum that is infinite though no term was. */
  public static double sumChecked(double total, boolean infinite) {
    if (Double.isInfinite(total) && !infinite) {
      throw PgError.overflow();
    }
    return total;
  }
}
