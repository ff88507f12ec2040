package io.kadali.spark;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.unsafe.types.CalendarInterval;
import org.apache.spark.unsafe.types.UTF8String;

/** Input function of interval: units, clock times, year-month, and ISO 8601 durations. */
public final class IntervalText {
  private static final BigDecimal SECOND = BigDecimal.valueOf(1_000_000);
  private static final BigDecimal DAY = BigDecimal.valueOf(Moments.DAY);
  private static final Map<String, String> UNITS = new HashMap<>();
  private static final Map<String, Integer> MONTHS = Map.of("mon", 1, "y", 12, "dec", 120, "c", 1200, "mil", 12000);
  private static final Map<String, Long> MICROS =
      Map.of("us", 1L, "ms", 1000L, "s", 1_000_000L, "min", 60_000_000L, "h", 3_600_000_000L);
  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<time>[+-]?\\d+:\\d{1,2}(?::\\d{1,2}(?:\\.\\d*)?)?)|(?<months>[+-]?\\d+-\\d{1,2}(?!\\d))"
              + "|(?<number>[+-]?(?:\\d+\\.?\\d*|\\.\\d+))|(?<word>[a-z]+)|(?<blank>[\\s@,]+)");
  private static final Pattern ISO =
      Pattern.compile("p(?<date>(?:[+-]?[\\d.]+[ymwd])*)(?:t(?<time>(?:[+-]?[\\d.]+[hms])*))?");
  private static final Pattern PART = Pattern.compile("([+-]?[\\d.]+)([a-z])");

  static {
    for (String row :
        List.of(
            "us us usec usecs usecond useconds microsecond microseconds microsecon",
            "ms ms msec msecs msecond mseconds millisecond milliseconds millisecon",
            "s s sec secs second seconds",
            "min m min mins minute minutes",
            "h h hr hrs hour hours",
            "d d day days",
            "w w week weeks",
            "mon mon mons month months",
            "y y yr yrs year years",
            "dec decade decades dec decs",
            "c c cent century centuries",
            "mil mil mils millennia millennium")) {
      String[] words = row.split(" ");
      for (int i = 1; i < words.length; i++) {
        UNITS.put(words[i], words[0]);
      }
    }
  }

  private final String text;
  private BigDecimal months = BigDecimal.ZERO;
  private BigDecimal days = BigDecimal.ZERO;
  private BigDecimal micros = BigDecimal.ZERO;
  private final Set<String> seen = new HashSet<>();

  private IntervalText(String text) {
    this.text = text;
  }

  /** Raises 22007, 22015. */
  public static CalendarInterval read(UTF8String text) {
    IntervalText reader = new IntervalText(text.toString());
    String body = Texts.strip(reader.text).toLowerCase(Locale.ROOT);
    Matcher iso = ISO.matcher(body);
    if (body.length() > 1 && body.startsWith("p") && iso.matches()) {
      reader.parts(iso.group("date"), "mon");
      reader.parts(iso.group("time") == null ? "" : iso.group("time"), "min");
      return reader.checked(1);
    }
    return reader.checked(reader.tokens(body));
  }

  private void parts(String body, String unitOfM) {
    Matcher part = PART.matcher(body);
    while (part.find()) {
      add(number(part.group(1)), part.group(2).equals("m") ? unitOfM : part.group(2));
    }
  }

  private int tokens(String body) {
    Matcher match = TOKEN.matcher(body);
    String pending = null;
    int sign = 1;
    for (int at = 0; at < body.length(); at = match.end()) {
      if (!match.region(at, body.length()).lookingAt()) {
        throw invalid();
      }
      String word = match.group();
      if (match.group("blank") != null) {
        continue;
      }
      if (word.equals("ago")) {
        sign = -1;
        continue;
      }
      if (match.group("word") != null) {
        String unit = UNITS.get(word);
        if (unit == null || pending == null) {
          throw invalid();
        }
        add(number(pending), unit);
        note(unit.equals("s") && pending.contains(".") ? List.of("s", "ms", "us") : List.of(unit));
        pending = null;
        continue;
      }
      if (pending != null) { // a bare number before a clock time counts days
        if (match.group("time") == null) {
          throw invalid();
        }
        add(number(pending), "d");
        note(List.of("d"));
        pending = null;
      }
      if (match.group("number") != null) {
        pending = word;
      } else if (match.group("time") != null) {
        micros = micros.add(clock(word));
        note(List.of("h", "min", "s"));
      } else {
        months = months.add(yearMonth(word));
        note(List.of("y", "mon"));
      }
    }
    if (pending != null) {
      add(number(pending), "s");
      note(List.of("s"));
    }
    if (seen.isEmpty()) {
      throw invalid();
    }
    return sign;
  }

  /** No unit may be told twice. */
  private void note(List<String> units) {
    for (String unit : units) {
      if (!seen.add(unit)) {
        throw invalid();
      }
    }
  }

  /** Fractions spill into smaller units: of years into whole months, of months into days of a 30-day month. */
  private void add(BigDecimal amount, String unit) {
    if (MONTHS.containsKey(unit)) {
      BigDecimal whole = amount.multiply(BigDecimal.valueOf(MONTHS.get(unit)));
      if (!unit.equals("mon")) {
        months = months.add(whole.setScale(0, RoundingMode.HALF_EVEN));
        return;
      }
      BigDecimal kept = whole.setScale(0, RoundingMode.DOWN);
      months = months.add(kept);
      addDays(whole.subtract(kept).multiply(BigDecimal.valueOf(30)));
    } else if (unit.equals("d") || unit.equals("w")) {
      addDays(amount.multiply(BigDecimal.valueOf(unit.equals("w") ? 7 : 1)));
    } else {
      micros = micros.add(amount.multiply(BigDecimal.valueOf(MICROS.get(unit))));
    }
  }

  private void addDays(BigDecimal amount) {
    BigDecimal kept = amount.setScale(0, RoundingMode.DOWN);
    days = days.add(kept);
    micros = micros.add(amount.subtract(kept).multiply(DAY));
  }

  private BigDecimal number(String word) {
    try {
      return new BigDecimal(word);
    } catch (NumberFormatException error) {
      throw invalid();
    }
  }

  private BigDecimal clock(String word) {
    String[] words = word.replaceFirst("^[+-]+", "").split(":");
    BigDecimal minutes = new BigDecimal(words[1]);
    String shown = words.length > 2 ? words[2] : "0";
    BigDecimal seconds = new BigDecimal(shown.endsWith(".") ? shown + "0" : shown);
    if (minutes.intValue() > 59 || seconds.compareTo(BigDecimal.valueOf(61)) >= 0) {
      throw outOfRange();
    }
    BigDecimal hours = new BigDecimal(words[0]).multiply(BigDecimal.valueOf(3600));
    BigDecimal found = hours.add(minutes.multiply(BigDecimal.valueOf(60))).add(seconds).multiply(SECOND);
    return word.startsWith("-") ? found.negate() : found;
  }

  private BigDecimal yearMonth(String word) {
    String[] words = word.replaceFirst("^[+-]+", "").split("-");
    if (Integer.parseInt(words[1]) > 11) {
      throw outOfRange();
    }
    BigDecimal found = new BigDecimal(words[0]).multiply(BigDecimal.valueOf(12)).add(new BigDecimal(words[1]));
    return word.startsWith("-") ? found.negate() : found;
  }

  private PgError invalid() {
    return new PgError("22007", "invalid input syntax for type interval: \"" + text + "\"");
  }

  private PgError outOfRange() {
    return new PgError("22015", "interval field value out of range: \"" + text + "\"");
  }

  private CalendarInterval checked(int sign) {
    BigInteger whole = micros.setScale(0, RoundingMode.HALF_EVEN).toBigInteger();
    BigInteger wholeMonths = months.toBigInteger();
    BigInteger wholeDays = days.toBigInteger();
    if (wholeMonths.bitLength() > 31 || wholeDays.bitLength() > 31 || whole.bitLength() > 63) {
      throw outOfRange();
    }
    return new CalendarInterval(sign * wholeMonths.intValue(), sign * wholeDays.intValue(), sign * whole.longValue());
  }
}
