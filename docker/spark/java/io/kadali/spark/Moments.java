package io.kadali.spark;

import java.time.LocalDate;
import org.apache.spark.unsafe.types.CalendarInterval;
import org.apache.spark.unsafe.types.UTF8String;

/** Arithmetic of dates (days since 1970), timestamps (microseconds since 1970) and intervals added to them. */
public final class Moments {
  static final long DAY = 86_400_000_000L;
  private static final long SINCE_2000 = 946_684_800_000_000L;
  private static final long FIRST = -210_866_803_200_000_000L;
  private static final int FIRST_DATE = -2_440_588;
  private static final int LAST_DATE = 2_145_042_541;

  private Moments() {}

  /** Neither infinity. */
  static boolean isFinite(long micros) {
    return micros != Long.MAX_VALUE && micros != Long.MIN_VALUE;
  }

  static boolean isFinite(int days) {
    return days != Integer.MAX_VALUE && days != Integer.MIN_VALUE;
  }

  public static boolean isFiniteStamp(long micros) {
    return isFinite(micros);
  }

  public static boolean isFiniteDate(int days) {
    return isFinite(days);
  }

  /** Raises 22008. */
  static long plus(long micros, long more) {
    long found = micros + more;
    if (((micros ^ found) & (more ^ found)) < 0) {
      throw outOfRange();
    }
    return found;
  }

  static PgError outOfRange() {
    return new PgError("22008", "timestamp out of range");
  }

  /** A timestamp PostgreSQL can hold. Raises 22008. */
  public static long inRange(long micros) {
    if (micros < FIRST && isFinite(micros)) {
      throw outOfRange();
    }
    return micros;
  }

  static LocalDate date(long micros) {
    return LocalDate.ofEpochDay(Math.floorDiv(micros, DAY));
  }

  static long clock(long micros) {
    return Math.floorMod(micros, DAY);
  }

  /** Midnight of a day. Raises 22008. */
  static long midnight(long day) {
    if (Math.abs(day) > Long.MAX_VALUE / DAY) {
      throw outOfRange();
    }
    return day * DAY;
  }

  public static long ofDate(int days) {
    return days == Integer.MAX_VALUE ? Long.MAX_VALUE : days == Integer.MIN_VALUE ? Long.MIN_VALUE : midnight(days);
  }

  public static int toDate(long micros) {
    if (!isFinite(micros)) {
      return micros > 0 ? Integer.MAX_VALUE : Integer.MIN_VALUE;
    }
    return (int) Math.floorDiv(micros, DAY);
  }

  public static int dateAdd(int days, int more) {
    return isFinite(days) ? dateInRange((long) days + more) : days;
  }

  static int dateInRange(long days) {
    if (days < FIRST_DATE || days > LAST_DATE) {
      throw new PgError("22008", "date out of range");
    }
    return (int) days;
  }

  public static int dateDifference(int a, int b) {
    if (!isFinite(a) || !isFinite(b)) {
      throw new PgError("22008", "cannot subtract infinite dates");
    }
    long found = (long) a - b;
    return (int) found;
  }

  /** timestamp + interval: months, then days, then time. Raises 22008. */
  public static long add(long micros, CalendarInterval by) {
    return shifted(micros, by.months, by.days, by.microseconds);
  }

  public static long subtract(long micros, CalendarInterval by) {
    return shifted(micros, -(long) by.months, -(long) by.days, negated(by.microseconds));
  }

  private static long negated(long micros) {
    if (micros == Long.MIN_VALUE) {
      throw outOfRange();
    }
    return -micros;
  }

  private static long shifted(long micros, long months, long days, long more) {
    if (!isFinite(micros)) {
      return micros;
    }
    long found = days(months(micros, months), days);
    return inRange(plus(found, more));
  }

  private static long months(long micros, long months) {
    if (months == 0) {
      return micros;
    }
    return plus(midnight(date(micros).plusMonths(months).toEpochDay()), clock(micros));
  }

  private static long days(long micros, long days) {
    return days == 0 ? micros : plus(micros, midnight(days));
  }

  /** timestamptz + interval: months and days move the local clock. Raises 22008. */
  public static long add(long micros, CalendarInterval by, UTF8String zone) {
    return shifted(micros, by.months, by.days, by.microseconds, zone);
  }

  public static long subtract(long micros, CalendarInterval by, UTF8String zone) {
    return shifted(micros, -(long) by.months, -(long) by.days, negated(by.microseconds), zone);
  }

  private static long shifted(long micros, long months, long days, long more, UTF8String zone) {
    if (!isFinite(micros)) {
      return micros;
    }
    long found = micros;
    if (months != 0) {
      found = Zones.instant(months(Zones.local(found, zone), months), zone);
    }
    if (days != 0) {
      found = Zones.instant(days(Zones.local(found, zone), days), zone);
    }
    return inRange(plus(found, more));
  }

  /** timestamp - timestamp: days of 24 hours, and time. Raises 22008. */
  public static CalendarInterval difference(long a, long b) {
    if (!isFinite(a) || !isFinite(b)) {
      throw new PgError("22008", "cannot subtract infinite timestamps");
    }
    long micros;
    try {
      micros = Math.subtractExact(a, b);
    } catch (ArithmeticException error) {
      throw new PgError("22008", "interval out of range");
    }
    return new CalendarInterval(0, (int) (micros / DAY), micros % DAY);
  }

  /** To a multiple of `step` microseconds, ties away from 2000-01-01, as AdjustTimestampForTypmod. */
  public static long round(long micros, long step) {
    return isFinite(micros) ? plus(Intervals.rounded(plus(micros, -SINCE_2000), step), SINCE_2000) : micros;
  }

  /** timestamp_age: whole months first, then days, then time, all of one sign. Raises 22008. */
  public static CalendarInterval age(long later, long earlier) {
    if (!isFinite(later) || !isFinite(earlier)) {
      throw outOfRange();
    }
    LocalDate a = date(later);
    LocalDate b = date(earlier);
    int sign = later < earlier ? -1 : 1;
    long micros = (clock(later) - clock(earlier)) * sign;
    int days = (a.getDayOfMonth() - b.getDayOfMonth()) * sign;
    int months = ((a.getYear() - b.getYear()) * 12 + a.getMonthValue() - b.getMonthValue()) * sign;
    if (micros < 0) {
      micros += DAY;
      days--;
    }
    while (days < 0) {
      days += (sign > 0 ? b : a).lengthOfMonth();
      months--;
    }
    return new CalendarInterval(months * sign, days * sign, micros * sign);
  }

  /** to_timestamp(double): seconds since 1970. Raises 22008. */
  public static long ofEpoch(double seconds) {
    if (Double.isNaN(seconds)) {
      throw new PgError("22008", "timestamp cannot be NaN");
    }
    if (Double.isInfinite(seconds)) {
      return seconds > 0 ? Long.MAX_VALUE : Long.MIN_VALUE;
    }
    if (Math.abs(seconds) > 9e12) {
      throw new PgError("22008", "timestamp out of range: \"" + FloatText.text(seconds) + "\"");
    }
    return inRange((long) Math.rint((seconds - SINCE_2000 / 1_000_000) * 1e6) + SINCE_2000);
  }

  /** make_date(); negative years are BC. Raises 22008. */
  public static int makeDate(int year, int month, int day) {
    int proleptic = year < 0 ? year + 1 : year;
    boolean fits = year != 0 && month >= 1 && month <= 12 && day >= 1 && Math.abs((long) year) < 6_000_000;
    if (!fits || day > java.time.YearMonth.of(proleptic, month).lengthOfMonth()) {
      String shown = String.format("%d-%02d-%02d", year, month, day);
      throw new PgError("22008", "date field value out of range: " + shown);
    }
    return dateInRange(LocalDate.of(proleptic, month, day).toEpochDay());
  }

  /** make_timestamp(). Raises 22008. */
  public static long makeTimestamp(int year, int month, int day, int hour, int minute, double second) {
    long date = midnight(makeDate(year, month, day));
    boolean fits = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second < 60;
    if (!fits) {
      String shown = String.format("%d:%02d:%s", hour, minute, FloatText.text(second));
      throw new PgError("22008", "time field value out of range: " + shown);
    }
    long clock = hour * 3_600_000_000L + minute * 60_000_000L + (long) Math.rint(second * 1_000_000);
    return inRange(plus(date, clock));
  }
}
