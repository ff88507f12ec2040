package io.kadali.spark;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.Month;
import java.time.format.TextStyle;
import java.time.temporal.IsoFields;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.unsafe.types.UTF8String;

/** to_char, to_date and to_timestamp by PostgreSQL's patterns (documentation table 9.26); some are refused. */
public final class TimeFormat {
  private static final Pattern TOKENS =
      Pattern.compile(
          "\"((?:[^\"\\\\]|\\\\.)*)\"|(FM|fm)?(HH24|HH12|HH|IW|IDDD|ID|MI|SSSSS|SSSS|SS|MS|US|FF[1-6]|AM|PM|A\\.M\\."
              + "|P\\.M\\.|YYYY|YYY|YY|Y,YYY|Y|IYYY|IYY|IY|I|MONTH|MON|MM|DAY|DY|DDD|DD|D|WW|W|CC"
              + "|J|Q|RM|BC|AD|B\\.C\\.|A\\.D\\.|TZH|TZM|TZ|OF|TM|SP)(TH|th)?",
          Pattern.CASE_INSENSITIVE);
  private static final long JULIAN = 2_440_588;

  private TimeFormat() {}

  private static PgError refused(String pattern) {
    return PgError.unsupported("the format pattern \"" + pattern + "\"");
  }

  /** NULL for an infinity. */
  public static UTF8String text(long micros, UTF8String format) {
    if (!Moments.isFinite(micros)) {
      return null;
    }
    LocalDate date = Moments.date(micros);
    if (date.getYear() < 1 || date.getYear() > 9999) {
      throw PgError.unsupported("to_char of a year outside 1 to 9999");
    }
    String template = format.toString();
    Matcher match = TOKENS.matcher(template);
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < template.length()) {
      if (!match.region(at, template.length()).lookingAt()) {
        boolean quote = template.startsWith("\\\"", at);
        out.append(quote ? '"' : template.charAt(at));
        at += quote ? 2 : 1;
        continue;
      }
      at = match.end();
      if (match.group(1) != null) {
        out.append(match.group(1).replaceAll("\\\\(.)", "$1"));
        continue;
      }
      String part = part(date, Moments.clock(micros), match.group(3), match.group(2) == null);
      out.append(part).append(match.group(4) == null ? "" : ordinal(part, match.group(4)));
    }
    return UTF8String.fromString(out.toString());
  }

  private static String ordinal(String text, String suffix) {
    String digits = text.replaceAll("\\D", "");
    if (digits.isEmpty()) {
      return "";
    }
    int last = digits.charAt(digits.length() - 1) - '0';
    boolean teens = digits.length() > 1 && digits.charAt(digits.length() - 2) == '1';
    String found = teens ? "th" : last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";
    return suffix.equals("TH") ? found.toUpperCase(Locale.ROOT) : found;
  }

  private static boolean isUpper(String pattern) {
    return pattern.equals(pattern.toUpperCase(Locale.ROOT));
  }

  private static String part(LocalDate date, long clock, String pattern, boolean filled) {
    String key = pattern.toUpperCase(Locale.ROOT);
    switch (key) {
      case "MONTH", "MON":
        return name(date.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH), pattern, filled);
      case "DAY", "DY":
        return name(date.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH), pattern, filled);
      case "AM", "PM", "A.M.", "P.M.":
        String half = clock >= Moments.DAY / 2 ? "PM" : "AM";
        String shown = key.indexOf('.') > 0 ? half.charAt(0) + ".M." : half;
        return isUpper(pattern) ? shown : shown.toLowerCase(Locale.ROOT);
      case "BC", "AD":
        return isUpper(pattern) ? "AD" : "ad";
      default:
        if (key.startsWith("FF")) {
          return padded(clock % 1_000_000, 6).substring(0, key.charAt(2) - '0');
        }
        return number(date, clock, key, pattern, filled);
    }
  }

  private static String name(String full, String pattern, boolean filled) {
    boolean brief = pattern.length() < 3 || pattern.equalsIgnoreCase("MON");
    boolean lower = pattern.equals(pattern.toLowerCase(Locale.ROOT));
    String rest = pattern.substring(1);
    if (!lower && !isUpper(pattern) && !(Character.isUpperCase(pattern.charAt(0)) && rest.equals(rest.toLowerCase(Locale.ROOT)))) {
      throw refused(pattern);
    }
    String word = brief ? full.substring(0, 3) : full;
    word = lower ? word.toLowerCase(Locale.ROOT) : isUpper(pattern) ? word.toUpperCase(Locale.ROOT) : word;
    return filled && !brief ? word + " ".repeat(9 - word.length()) : word;
  }

  private static String padded(long number, int width) {
    String text = Long.toString(number);
    return "0".repeat(Math.max(width - text.length(), 0)) + text;
  }

  private static String number(LocalDate date, long clock, String key, String pattern, boolean filled) {
    long hour = clock / 3_600_000_000L;
    long micros = clock % 1_000_000;
    int isoYear = date.get(IsoFields.WEEK_BASED_YEAR);
    int isoWeek = date.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR);
    int isoDay = date.getDayOfWeek().getValue();
    int year = date.getYear();
    long[] found =
        switch (key) {
          case "HH24" -> new long[] {hour, 2};
          case "HH12", "HH" -> new long[] {(hour + 11) % 12 + 1, 2};
          case "MI" -> new long[] {clock / 60_000_000 % 60, 2};
          case "SS" -> new long[] {clock / 1_000_000 % 60, 2};
          case "MS" -> new long[] {micros / 1000, 3};
          case "US" -> new long[] {micros, 6};
          case "SSSS", "SSSSS" -> new long[] {clock / 1_000_000, 0};
          case "YYYY" -> new long[] {year, 4};
          case "YYY" -> new long[] {year % 1000, 3};
          case "YY" -> new long[] {year % 100, 2};
          case "Y" -> new long[] {year % 10, 1};
          case "IYYY" -> new long[] {isoYear, 4};
          case "IYY" -> new long[] {isoYear % 1000, 3};
          case "IY" -> new long[] {isoYear % 100, 2};
          case "I" -> new long[] {isoYear % 10, 1};
          case "MM" -> new long[] {date.getMonthValue(), 2};
          case "DD" -> new long[] {date.getDayOfMonth(), 2};
          case "DDD" -> new long[] {date.getDayOfYear(), 3};
          case "D" -> new long[] {isoDay % 7 + 1, 1};
          case "ID" -> new long[] {isoDay, 1};
          case "WW" -> new long[] {(date.getDayOfYear() - 1) / 7 + 1, 2};
          case "W" -> new long[] {(date.getDayOfMonth() - 1) / 7 + 1, 1};
          case "IW" -> new long[] {isoWeek, 2};
          case "CC" -> new long[] {(year - 1) / 100 + 1, 2};
          case "Q" -> new long[] {(date.getMonthValue() - 1) / 3 + 1, 1};
          case "J" -> new long[] {date.toEpochDay() + JULIAN, 0};
          case "IDDD" -> new long[] {(isoWeek - 1) * 7L + isoDay, 3};
          default -> throw refused(pattern);
        };
    return padded(found[0], filled ? (int) found[1] : 0);
  }

  public static int date(UTF8String text, UTF8String format) {
    return Moments.toDate(timestamp(text, format));
  }

  /** to_timestamp() without its zone. Raises 22007, 22008. */
  public static long timestamp(UTF8String text, UTF8String format) {
    String template = format.toString();
    StringBuilder pattern = new StringBuilder("\\s*");
    List<String> fields = new java.util.ArrayList<>();
    Matcher match = TOKENS.matcher(template);
    int at = 0;
    while (at < template.length()) {
      if (!match.region(at, template.length()).lookingAt()) {
        if (Character.isLetterOrDigit(template.charAt(at++))) {
          throw refused(template);
        }
        pattern.append("[^A-Za-z0-9]");
        continue;
      }
      at = match.end();
      String key = match.group(3) == null ? "" : match.group(3).toUpperCase(Locale.ROOT);
      boolean plain = match.group(1) == null && match.group(2) == null && match.group(4) == null;
      boolean follows = TOKENS.matcher(template).region(at, template.length()).lookingAt();
      pattern.append(plain ? input(key, follows, template) : input("", false, template));
      fields.add(key);
    }
    Matcher found = Pattern.compile(pattern + "\\s*").matcher(text.toString());
    if (!found.matches()) {
      throw PgError.unsupported("text \"" + text + "\" for the format \"" + template + "\"");
    }
    Map<String, String> parts = new HashMap<>();
    for (int i = 0; i < fields.size(); i++) {
      parts.put(fields.get(i), found.group(i + 1));
    }
    return assembled(parts, text.toString());
  }

  /** What a pattern reads; with all its digits if another pattern follows at once. */
  private static String input(String key, boolean follows, String template) {
    return switch (key) {
      case "YYYY" -> follows ? "(\\d{4})" : "([+-]?\\d{1,4})";
      case "MM", "DD", "HH24", "MI", "SS" -> follows ? "(\\d{2})" : "(\\d{1,2})";
      case "US" -> follows ? "(\\d{6})" : "(\\d{1,6})";
      case "MS" -> follows ? "(\\d{3})" : "(\\d{1,3})";
      case "MON" -> "([A-Za-z]{3})";
      case "MONTH" -> "([A-Za-z]+)";
      default -> throw refused(template);
    };
  }

  private static int field(Map<String, String> parts, String key, int other) {
    return parts.containsKey(key) ? Integer.parseInt(parts.get(key)) : other;
  }

  private static long assembled(Map<String, String> parts, String text) {
    int month = field(parts, "MM", 1);
    String word = parts.getOrDefault("MON", parts.get("MONTH"));
    if (word != null) {
      month = month(word);
    }
    String fraction = parts.containsKey("US") ? parts.get("US") : parts.getOrDefault("MS", "0");
    int year = field(parts, "YYYY", 1);
    int hour = field(parts, "HH24", 0);
    int minute = field(parts, "MI", 0);
    int second = field(parts, "SS", 0);
    try {
      long day = LocalDate.of(year, month, field(parts, "DD", 1)).toEpochDay();
      if (year < 1 || hour > 23 || minute > 59 || second > 59) {
        throw new DateTimeException(text);
      }
      long micros = Long.parseLong((fraction + "000000").substring(0, 6));
      return Moments.midnight(day) + hour * 3_600_000_000L + minute * 60_000_000L + second * 1_000_000L + micros;
    } catch (DateTimeException error) {
      throw new PgError("22008", "date/time field value out of range: \"" + text + "\"");
    }
  }

  private static int month(String word) {
    for (Month month : Month.values()) {
      String full = month.name();
      if (full.equalsIgnoreCase(word) || full.substring(0, 3).equalsIgnoreCase(word)) {
        return month.getValue();
      }
    }
    throw new PgError("22007", "invalid value \"" + word + "\" for \"MON\"");
  }
}
