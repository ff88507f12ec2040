package io.kadali.spark;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.unsafe.types.UTF8String;

/** Text of dates and timestamps, printed as PostgreSQL does and read in ISO form; other forms are refused. */
public final class TimeText {
  private static final String DATE = "\\s*(\\d{4,6})-(\\d{1,2})-(\\d{1,2})";
  private static final Pattern DATE_TEXT = Pattern.compile(DATE + "(?:[ T]\\d{1,2}:\\d{2}.*)?\\s*");
  private static final Pattern STAMP =
      Pattern.compile(DATE + "(?:[ T]+(\\d{1,2}):(\\d{2})(?::(\\d{2}(?:\\.\\d*)?))?)?\\s*(\\S*)\\s*");
  private static final Pattern OFFSET = Pattern.compile("Z|([+-])(\\d{2})(?::?(\\d{2}))?");
  private static final Pattern DIGIT = Pattern.compile("\\d");
  private static final List<String> WORDS = List.of("now", "today", "tomorrow", "yesterday", "epoch");

  private TimeText() {}

  private static PgError invalid(String text, String type) {
    String word = Texts.strip(text).toLowerCase(Locale.ROOT);
    if (!DIGIT.matcher(text).find() && !WORDS.contains(word)) {
      return new PgError("22007", "invalid input syntax for type " + type + ": \"" + text + "\"");
    }
    return PgError.unsupported("the " + type + " \"" + text + "\" (write it in ISO 8601 form)");
  }

  private static PgError overflow(String text) {
    return new PgError("22008", "date/time field value out of range: \"" + text + "\"");
  }

  private static long day(Matcher match, String text) {
    int year = Integer.parseInt(match.group(1));
    int month = Integer.parseInt(match.group(2));
    int day = Integer.parseInt(match.group(3));
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > YearMonth.of(year, month).lengthOfMonth()) {
      throw overflow(text);
    }
    return LocalDate.of(year, month, day).toEpochDay();
  }

  /** 1, -1 for infinity and -infinity, else 0. */
  private static int infinite(String text) {
    return switch (Texts.strip(text).toLowerCase(Locale.ROOT)) {
      case "infinity" -> 1;
      case "-infinity" -> -1;
      default -> 0;
    };
  }

  /** date_in. Raises 22007, 22008. */
  public static int readDate(UTF8String text) {
    String body = text.toString();
    if (infinite(body) != 0) {
      throw PgError.unsupported("an infinite date");
    }
    Matcher match = DATE_TEXT.matcher(body);
    if (!match.matches()) {
      throw invalid(body, "date");
    }
    return Moments.dateInRange(day(match, body));
  }

  /** timestamp_in; a zone in the text is refused. Raises 22007, 22008. */
  public static long readTimestamp(UTF8String text) {
    String body = text.toString();
    Matcher match = stamp(body, "timestamp");
    if (!match.group(7).isEmpty()) {
      throw invalid(body, "timestamp");
    }
    return micros(match, body);
  }

  /** timestamptz_in; a text without an offset is local in `zone`. Raises 22007, 22008. */
  public static long readTimestamptz(UTF8String text, UTF8String zone) {
    String body = text.toString();
    Matcher match = stamp(body, "timestamp with time zone");
    long local = micros(match, body);
    String offset = match.group(7);
    if (offset.isEmpty()) {
      return Zones.instant(local, zone);
    }
    Matcher parts = OFFSET.matcher(offset);
    if (!parts.matches() || match.group(4) == null) {
      throw invalid(body, "timestamp with time zone");
    }
    if (parts.group(1) == null) {
      return local;
    }
    int hours = Integer.parseInt(parts.group(2));
    int minutes = parts.group(3) == null ? 0 : Integer.parseInt(parts.group(3));
    if (hours > 15 || minutes > 59) {
      throw new PgError("22009", "time zone displacement out of range: \"" + body + "\"");
    }
    long east = (hours * 60L + minutes) * 60_000_000L;
    return Moments.plus(local, parts.group(1).equals("-") ? east : -east);
  }

  private static Matcher stamp(String body, String type) {
    if (infinite(body) != 0) {
      throw PgError.unsupported("an infinite timestamp");
    }
    Matcher match = STAMP.matcher(body);
    if (!match.matches()) {
      throw invalid(body, type);
    }
    return match;
  }

  private static long micros(Matcher match, String text) {
    long day = day(match, text);
    int hour = match.group(4) == null ? 0 : Integer.parseInt(match.group(4));
    int minute = match.group(5) == null ? 0 : Integer.parseInt(match.group(5));
    BigDecimal second = match.group(6) == null ? BigDecimal.ZERO : new BigDecimal(match.group(6));
    if (hour > 23 || minute > 59 || second.intValue() > 59) {
      throw overflow(text);
    }
    long fraction = second.movePointRight(6).setScale(0, RoundingMode.HALF_EVEN).longValue();
    long clock = hour * 3_600_000_000L + minute * 60_000_000L + fraction;
    return Moments.inRange(Moments.plus(Moments.midnight(day), clock));
  }

  public static UTF8String dateText(int days) {
    if (!Moments.isFinite(days)) {
      return UTF8String.fromString(days > 0 ? "infinity" : "-infinity");
    }
    LocalDate date = LocalDate.ofEpochDay(days);
    StringBuilder out = date(date);
    return UTF8String.fromString(era(out, date).toString());
  }

  public static UTF8String timestampText(long micros) {
    return stampText(micros, "");
  }

  /** In the local time of `zone`, with the offset. */
  public static UTF8String timestamptzText(long micros, UTF8String zone) {
    if (!Moments.isFinite(micros)) {
      return stampText(micros, "");
    }
    int offset = Zones.offset(micros, zone);
    int size = Math.abs(offset);
    StringBuilder shown = new StringBuilder(offset < 0 ? "-" : "+");
    two(shown, size / 3600);
    if (size % 3600 != 0) {
      two(shown.append(':'), size / 60 % 60);
    }
    if (size % 60 != 0) {
      two(shown.append(':'), size % 60);
    }
    return stampText(Moments.plus(micros, offset * 1_000_000L), shown.toString());
  }

  private static UTF8String stampText(long micros, String offset) {
    if (!Moments.isFinite(micros)) {
      return UTF8String.fromString(micros > 0 ? "infinity" : "-infinity");
    }
    LocalDate date = Moments.date(micros);
    long clock = Moments.clock(micros);
    StringBuilder out = date(date).append(' ');
    two(out, clock / 3_600_000_000L);
    minutes(out, clock % 3_600_000_000L);
    return UTF8String.fromString(era(out.append(offset), date).toString());
  }

  private static StringBuilder date(LocalDate date) {
    int year = date.getYear() > 0 ? date.getYear() : 1 - date.getYear();
    StringBuilder out = new StringBuilder(32);
    if (year < 1000) {
      out.append(year < 10 ? "000" : year < 100 ? "00" : "0");
    }
    two(out.append(year).append('-'), date.getMonthValue());
    two(out.append('-'), date.getDayOfMonth());
    return out;
  }

  private static StringBuilder era(StringBuilder out, LocalDate date) {
    return date.getYear() > 0 ? out : out.append(" BC");
  }

  /** :MM:SS and the fraction without trailing zeros, of what is left of an hour. */
  static void minutes(StringBuilder out, long micros) {
    two(out.append(':'), micros / 60_000_000);
    two(out.append(':'), micros / 1_000_000 % 60);
    long fraction = micros % 1_000_000;
    if (fraction != 0) {
      out.append('.').append(Long.toString(1_000_000 + fraction).substring(1));
      while (out.charAt(out.length() - 1) == '0') {
        out.setLength(out.length() - 1);
      }
    }
  }

  private static void two(StringBuilder out, long number) {
    out.append(number < 10 ? "0" : "").append(number);
  }
}
