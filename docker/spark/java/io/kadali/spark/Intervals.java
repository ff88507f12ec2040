package io.kadali.spark;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.unsafe.types.CalendarInterval;
import org.apache.spark.unsafe.types.UTF8String;

/** Intervals: months, days and microseconds apart, as timestamp.c computes with them. */
public final class Intervals {
  private static final long DAY = Moments.DAY;
  private static final long HOUR = 3_600_000_000L;

  private Intervals() {}

  private static PgError outOfRange() {
    return new PgError("22008", "interval out of range");
  }

  private static CalendarInterval checked(long months, long days, long micros) {
    if (months != (int) months || days != (int) days) {
      throw outOfRange();
    }
    return new CalendarInterval((int) months, (int) days, micros);
  }

  public static CalendarInterval of(int months, int days, long micros) {
    return new CalendarInterval(months, days, micros);
  }

  /** make_interval(). Raises 22008. */
  public static CalendarInterval make(
      int years, int months, int weeks, int days, int hours, int minutes, double seconds) {
    double micros = Math.rint(seconds * 1_000_000);
    if (!(Math.abs(micros) < 9.2e18)) {
      throw outOfRange();
    }
    return checked(
        years * 12L + months, weeks * 7L + days, sum(hours * HOUR + minutes * 60_000_000L, (long) micros));
  }

  private static long sum(long a, long b) {
    try {
      return Math.addExact(a, b);
    } catch (ArithmeticException error) {
      throw outOfRange();
    }
  }

  public static CalendarInterval add(CalendarInterval a, CalendarInterval b) {
    return checked((long) a.months + b.months, (long) a.days + b.days, sum(a.microseconds, b.microseconds));
  }

  public static CalendarInterval subtract(CalendarInterval a, CalendarInterval b) {
    return add(a, negate(b));
  }

  public static CalendarInterval negate(CalendarInterval a) {
    if (a.microseconds == Long.MIN_VALUE) {
      throw outOfRange();
    }
    return checked(-(long) a.months, -(long) a.days, -a.microseconds);
  }

  public static CalendarInterval multiply(CalendarInterval a, double by) {
    return scaled(a.months * by, a.days * by, a.microseconds * by);
  }

  public static CalendarInterval divide(CalendarInterval a, double by) {
    if (by == 0) {
      throw PgError.divisionByZero();
    }
    return scaled(a.months / by, a.days / by, a.microseconds / by);
  }

  /** The cascade of interval_mul and interval_div: fractions of months to days, of days to time. */
  private static CalendarInterval scaled(double months, double days, double micros) {
    if (!Double.isFinite(months) || !Double.isFinite(days) || !Double.isFinite(micros)) {
      throw outOfRange();
    }
    double wholeMonths = Floats.truncate(months);
    double wholeDays = Floats.truncate(days);
    double monthDays = toMicros((months - wholeMonths) * 30);
    double seconds = toMicros((days - wholeDays + monthDays - Floats.truncate(monthDays)) * 86400);
    if (Math.abs(seconds) >= 86400) {
      double carry = Floats.truncate(seconds / 86400);
      wholeDays += carry;
      seconds -= carry * 86400;
    }
    wholeDays += Floats.truncate(monthDays);
    double time = Math.rint(micros + seconds * 1_000_000);
    if (Math.abs(wholeMonths) > 2147483647.0 || Math.abs(wholeDays) > 2147483647.0 || Math.abs(time) >= 0x1p63) {
      throw outOfRange();
    }
    return new CalendarInterval((int) wholeMonths, (int) wholeDays, (long) time);
  }

  private static double toMicros(double number) {
    return Math.rint(number * 1_000_000) / 1_000_000;
  }

  /** A total order that takes a month as 30 days: equal intervals, equal keys. */
  public static Decimal key(CalendarInterval a) {
    BigInteger days = BigInteger.valueOf(a.months * 30L + a.days);
    BigInteger micros = days.multiply(BigInteger.valueOf(DAY)).add(BigInteger.valueOf(a.microseconds));
    return Decimal.apply(new BigDecimal(micros), 38, 0);
  }

  /** For a result: Arrow counts nanoseconds. */
  public static CalendarInterval out(CalendarInterval a) {
    if (Math.abs(a.microseconds / 1000) > Long.MAX_VALUE / 1_000_000) {
      throw PgError.unsupported("an interval of more than 292 years of time");
    }
    return a;
  }

  public static long months(CalendarInterval a) {
    return a.months;
  }

  public static long days(CalendarInterval a) {
    return a.days;
  }

  public static long micros(CalendarInterval a) {
    return a.microseconds;
  }

  /** Seconds by years of 365.25 days and months of 30, in microseconds. */
  public static long epochMicros(CalendarInterval a) {
    long days = a.months / 12 * 31_557_600_000_000L + a.months % 12 * (30 * DAY);
    return sum(days, sum(a.days * DAY, a.microseconds));
  }

  public static CalendarInterval justifyHours(CalendarInterval a) {
    long days = a.days + a.microseconds / DAY;
    long micros = a.microseconds % DAY;
    if (days > 0 && micros < 0) {
      return checked(a.months, days - 1, micros + DAY);
    }
    return days < 0 && micros > 0 ? checked(a.months, days + 1, micros - DAY) : checked(a.months, days, micros);
  }

  public static CalendarInterval justifyDays(CalendarInterval a) {
    long months = (long) a.months + a.days / 30;
    int days = a.days % 30;
    if (months > 0 && days < 0) {
      return checked(months - 1, days + 30, a.microseconds);
    }
    return months < 0 && days > 0
        ? checked(months + 1, days - 30, a.microseconds)
        : checked(months, days, a.microseconds);
  }

  public static CalendarInterval justify(CalendarInterval a) {
    long allDays = a.days + a.microseconds / DAY;
    long micros = a.microseconds % DAY;
    long months = a.months + allDays / 30;
    long days = allDays % 30;
    if (months > 0 && (days < 0 || days == 0 && micros < 0)) {
      days += 30;
      months--;
    } else if (months < 0 && (days > 0 || days == 0 && micros > 0)) {
      days -= 30;
      months++;
    }
    if (days > 0 && micros < 0) {
      micros += DAY;
      days--;
    } else if (days < 0 && micros > 0) {
      micros -= DAY;
      days++;
    }
    return checked(months, days, micros);
  }

  static long rounded(long number, long step) {
    long half = step / 2;
    return number >= 0 ? sum(number, half) / step * step : -(sum(half, -number) / step * step);
  }

  /** interval(p). */
  public static CalendarInterval round(CalendarInterval a, long step) {
    return new CalendarInterval(a.months, a.days, rounded(a.microseconds, step));
  }

  /** date_trunc of an interval. */
  public static CalendarInterval truncate(UTF8String field, CalendarInterval a) {
    int months = a.months;
    long micros = a.microseconds;
    return switch (field.toString()) {
      case "millennium" -> new CalendarInterval(months / 12000 * 12000, 0, 0);
      case "century" -> new CalendarInterval(months / 1200 * 1200, 0, 0);
      case "decade" -> new CalendarInterval(months / 120 * 120, 0, 0);
      case "year" -> new CalendarInterval(months / 12 * 12, 0, 0);
      case "quarter" -> new CalendarInterval(months / 3 * 3, 0, 0);
      case "month" -> new CalendarInterval(months, 0, 0);
      case "day" -> new CalendarInterval(months, a.days, 0);
      case "hour" -> new CalendarInterval(months, a.days, micros / HOUR * HOUR);
      case "minute" -> new CalendarInterval(months, a.days, micros / 60_000_000 * 60_000_000);
      case "second" -> new CalendarInterval(months, a.days, micros / 1_000_000 * 1_000_000);
      case "millisecond" -> new CalendarInterval(months, a.days, micros / 1000 * 1000);
      case "microsecond" -> a;
      default -> throw new PgError("22023", "unit \"" + field + "\" not recognized for type interval");
    };
  }

  /** IntervalStyle postgres. */
  public static UTF8String text(CalendarInterval a) {
    StringBuilder out = new StringBuilder();
    boolean negative = part(out, a.months / 12, "year", false);
    negative = part(out, a.months % 12, "mon", negative);
    negative = part(out, a.days, "day", negative);
    if (a.microseconds != 0 || out.length() == 0) {
      out.append(out.length() > 0 ? " " : "").append(a.microseconds < 0 ? "-" : negative ? "+" : "");
      BigInteger whole = BigInteger.valueOf(a.microseconds).abs();
      BigInteger[] parts = whole.divideAndRemainder(BigInteger.valueOf(HOUR));
      long rest = parts[1].longValue();
      String hours = parts[0].toString();
      out.append(hours.length() < 2 ? "0" : "").append(hours);
      TimeText.minutes(out, rest);
    }
    return UTF8String.fromString(out.toString());
  }

  private static boolean part(StringBuilder out, int number, String unit, boolean negativeBefore) {
    if (number == 0) {
      return negativeBefore;
    }
    out.append(out.length() > 0 ? " " : "").append(negativeBefore && number > 0 ? "+" : "");
    out.append(number).append(' ').append(unit).append(number == 1 ? "" : "s");
    return number < 0;
  }
}
