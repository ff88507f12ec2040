package io.kadali.spark;

import java.time.LocalDate;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import org.apache.spark.unsafe.types.UTF8String;

/** extract() and date_trunc(): fields of timestamps in microseconds. Year 0 is 1 BC inside, -1 outside. */
public final class Fields {
  private static final long HOUR = 3_600_000_000L;

  private Fields() {}

  private static LocalDate date(long micros) {
    if (!Moments.isFinite(micros)) {
      throw PgError.unsupported("a field of an infinite date");
    }
    return Moments.date(micros);
  }

  private static long clock(long micros) {
    if (!Moments.isFinite(micros)) {
      throw PgError.unsupported("a field of an infinite date");
    }
    return Moments.clock(micros);
  }

  public static long year(long micros) {
    int year = date(micros).getYear();
    return year > 0 ? year : year - 1;
  }

  public static long isoYear(long micros) {
    int year = date(micros).get(IsoFields.WEEK_BASED_YEAR);
    return year > 0 ? year : year - 1;
  }

  public static long decade(long micros) {
    return Math.floorDiv(date(micros).getYear(), 10);
  }

  public static long century(long micros) {
    int year = date(micros).getYear();
    return year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100);
  }

  public static long millennium(long micros) {
    int year = date(micros).getYear();
    return year > 0 ? (year + 999) / 1000 : -((999 - (year - 1)) / 1000);
  }

  public static long quarter(long micros) {
    return (date(micros).getMonthValue() - 1) / 3 + 1;
  }

  public static long month(long micros) {
    return date(micros).getMonthValue();
  }

  public static long week(long micros) {
    return date(micros).get(IsoFields.WEEK_OF_WEEK_BASED_YEAR);
  }

  public static long day(long micros) {
    return date(micros).getDayOfMonth();
  }

  /** Sunday is 0. */
  public static long dayOfWeek(long micros) {
    return date(micros).get(ChronoField.DAY_OF_WEEK) % 7;
  }

  /** Monday is 1. */
  public static long isoDayOfWeek(long micros) {
    return date(micros).get(ChronoField.DAY_OF_WEEK);
  }

  public static long dayOfYear(long micros) {
    return date(micros).getDayOfYear();
  }

  public static long hour(long micros) {
    return clock(micros) / HOUR;
  }

  public static long minute(long micros) {
    return clock(micros) / 60_000_000 % 60;
  }

  /** Seconds of the minute, in microseconds. */
  public static long secondMicros(long micros) {
    return clock(micros) % 60_000_000;
  }

  /** Microseconds since 1970. */
  public static long epochMicros(long micros) {
    clock(micros);
    return micros;
  }

  /** date_trunc of a timestamp; `field` in lower case and the singular. */
  public static long truncate(UTF8String field, long micros) {
    return Moments.isFinite(micros) ? truncated(field.toString(), micros) : micros;
  }

  /** date_trunc of a timestamptz in a zone: from days upwards the local clock decides, also over its offset. */
  public static long truncate(UTF8String field, long micros, UTF8String zone) {
    if (!Moments.isFinite(micros)) {
      return micros;
    }
    String name = field.toString();
    long local = Zones.local(micros, zone);
    long found = truncated(name, local);
    return switch (name) {
      case "microsecond", "millisecond", "second", "minute", "hour" -> micros + (found - local);
      default -> Zones.instant(found, zone);
    };
  }

  private static long truncated(String field, long micros) {
    LocalDate date = Moments.date(micros);
    int year = date.getYear();
    return switch (field) {
      case "microsecond" -> micros;
      case "millisecond" -> micros - Math.floorMod(micros, 1000L);
      case "second" -> micros - Math.floorMod(micros, 1_000_000L);
      case "minute" -> micros - Math.floorMod(micros, 60_000_000L);
      case "hour" -> micros - Math.floorMod(micros, HOUR);
      case "day" -> micros - Moments.clock(micros);
      case "week" -> Moments.midnight(date.with(ChronoField.DAY_OF_WEEK, 1).toEpochDay());
      case "month" -> Moments.midnight(date.withDayOfMonth(1).toEpochDay());
      case "quarter" -> firstOf(year, (date.getMonthValue() - 1) / 3 * 3 + 1);
      case "year" -> firstOf(year, 1);
      case "decade" -> firstOf(year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10, 1);
      case "century" -> firstOf(year > 0 ? (year + 99) / 100 * 100 - 99 : -((99 - (year - 1)) / 100) * 100 + 1, 1);
      case "millennium" ->
          firstOf(year > 0 ? (year + 999) / 1000 * 1000 - 999 : -((999 - (year - 1)) / 1000) * 1000 + 1, 1);
      default -> throw new PgError("22023", "unit \"" + field + "\" not recognized for type timestamp");
    };
  }

  private static long firstOf(int year, int month) {
    return Moments.midnight(LocalDate.of(year, month, 1).toEpochDay());
  }
}
