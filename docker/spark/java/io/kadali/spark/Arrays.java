package io.kadali.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.unsafe.types.CalendarInterval;
import org.apache.spark.unsafe.types.UTF8String;

/** One-dimensional arrays: their text, splitting and joining, series. */
public final class Arrays {
  private static final int SERIES_MAX = 10_000_000;

  private Arrays() {}

  static ArrayData of(Object[] items) {
    return new GenericArrayData(items);
  }

  /** array_out: {a,"b c",NULL}, of the items' texts. */
  public static UTF8String text(ArrayData items) {
    StringBuilder out = new StringBuilder("{");
    for (int i = 0; i < items.numElements(); i++) {
      out.append(i > 0 ? "," : "");
      if (items.isNullAt(i)) {
        out.append("NULL");
        continue;
      }
      String item = items.getUTF8String(i).toString();
      if (isQuoted(item)) {
        out.append('"').append(item.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
      } else {
        out.append(item);
      }
    }
    return UTF8String.fromString(out.append('}').toString());
  }

  private static boolean isQuoted(String item) {
    if (item.isEmpty() || item.toLowerCase(Locale.ROOT).equals("null")) {
      return true;
    }
    for (int i = 0; i < item.length(); i++) {
      char c = item.charAt(i);
      if (c == '{' || c == '}' || c == '"' || c == ',' || c == '\\' || Texts.isBlank(c)) {
        return true;
      }
    }
    return false;
  }

  /** array_to_string(); `missing` may be NULL: then NULLs are left out. */
  public static UTF8String join(ArrayData items, UTF8String separator, UTF8String missing) {
    if (items == null || separator == null) {
      return null;
    }
    StringBuilder out = new StringBuilder();
    boolean first = true;
    for (int i = 0; i < items.numElements(); i++) {
      UTF8String item = items.isNullAt(i) ? missing : items.getUTF8String(i);
      if (item != null) {
        out.append(first ? "" : separator.toString()).append(item);
        first = false;
      }
    }
    return UTF8String.fromString(out.toString());
  }

  /** string_to_array(); a NULL separator takes the text apart; items equal to `missing` are NULL. */
  public static ArrayData split(UTF8String text, UTF8String separator, UTF8String missing) {
    if (text == null) {
      return null;
    }
    String body = text.toString();
    List<Object> found = new ArrayList<>();
    if (body.isEmpty()) {
      return of(found.toArray());
    }
    if (separator == null) {
      body.codePoints().forEach(c -> found.add(item(Character.toString(c), missing)));
    } else if (separator.numBytes() == 0) {
      found.add(item(body, missing));
    } else {
      String cut = separator.toString();
      int from = 0;
      for (int at = body.indexOf(cut); at >= 0; at = body.indexOf(cut, from)) {
        found.add(item(body.substring(from, at), missing));
        from = at + cut.length();
      }
      found.add(item(body.substring(from), missing));
    }
    return of(found.toArray());
  }

  /** string_agg() of the texts of a group; NULLs do not count, and NULL is the result of none. */
  public static UTF8String joinPresent(ArrayData items, UTF8String separator) {
    boolean any = false;
    for (int i = 0; i < items.numElements() && !any; i++) {
      any = !items.isNullAt(i);
    }
    return any ? join(items, separator, null) : null;
  }

  private static UTF8String item(String text, UTF8String missing) {
    UTF8String found = UTF8String.fromString(text);
    return found.equals(missing) ? null : found;
  }

  /** generate_series of integers. Raises 22023. */
  public static ArrayData series(long start, long stop, long step) {
    if (step == 0) {
      throw new PgError("22023", "step size cannot equal zero");
    }
    if (step > 0 ? start > stop : start < stop) {
      return of(new Object[0]);
    }
    long span = step > 0 ? stop - start : start - stop;
    long count = Long.divideUnsigned(span, step == Long.MIN_VALUE ? step : Math.abs(step));
    if (count < 0 || count >= SERIES_MAX) {
      throw PgError.unsupported("a series of more than " + SERIES_MAX + " numbers");
    }
    long[] found = new long[(int) count + 1];
    for (int i = 0; i < found.length; i++) {
      found[i] = start + i * step;
    }
    return ArrayData.toArrayData(found);
  }

  /** generate_series of timestamps: each is the one before plus the step. Raises 22023. */
  public static ArrayData series(long start, long stop, CalendarInterval step) {
    return steps(start, stop, step, null);
  }

  /** generate_series of timestamptz: days and months by the clock of `zone`. Raises 22023. */
  public static ArrayData series(long start, long stop, CalendarInterval step, UTF8String zone) {
    return steps(start, stop, step, zone);
  }

  private static ArrayData steps(long start, long stop, CalendarInterval step, UTF8String zone) {
    int sign = Intervals.key(step).toJavaBigDecimal().signum();
    if (sign == 0) {
      throw new PgError("22023", "step size cannot equal zero");
    }
    List<Object> found = new ArrayList<>();
    for (long at = start; sign > 0 ? at <= stop : at >= stop; ) {
      if (found.size() >= SERIES_MAX) {
        throw PgError.unsupported("a series of more than " + SERIES_MAX + " timestamps");
      }
      found.add(at);
      at = zone == null ? Moments.add(at, step) : Moments.add(at, step, zone);
    }
    return of(found.toArray());
  }

  /** The greatest of numerics in exact text; NULLs do not count. */
  public static UTF8String greatest(ArrayData items) {
    return extreme(items, 1);
  }

  public static UTF8String least(ArrayData items) {
    return extreme(items, -1);
  }

  private static UTF8String extreme(ArrayData items, int sign) {
    Numeric best = null;
    for (int i = 0; i < items.numElements(); i++) {
      if (!items.isNullAt(i)) {
        Numeric item = Numeric.of(items.getUTF8String(i));
        best = best == null || item.compareTo(best) * sign > 0 ? item : best;
      }
    }
    return best == null ? null : best.text();
  }
}
