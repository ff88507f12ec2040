package io.kadali.spark;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.shaded.com.google.re2j.Matcher;
import org.apache.hadoop.shaded.com.google.re2j.Pattern;
import org.apache.hadoop.shaded.com.google.re2j.PatternSyntaxException;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * LIKE, and regular expressions in the syntax of RE2, which the gateway writes from PostgreSQL's. The RE2 of Hadoop's
 * client is used: its time grows with the text only, whatever the pattern.
 */
public final class Patterns {
  private static final int CACHED_MAX = 200;
  private static final Map<UTF8String, Pattern> COMPILED =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<UTF8String, Pattern> eldest) {
              return size() > CACHED_MAX;
            }
          });

  private Patterns() {}

  /** Raises 22025. */
  public static boolean like(UTF8String text, UTF8String pattern, UTF8String escape) {
    int[] subject = text.toString().codePoints().toArray();
    int[] wanted = pattern.toString().codePoints().toArray();
    int escaping = escape.numBytes() == 0 ? -1 : escape.toString().codePointAt(0);
    int s = 0;
    int p = 0;
    int star = -1;
    int mark = 0;
    while (true) {
      if (p < wanted.length && wanted[p] == '%' && wanted[p] != escaping) {
        star = p++;
        mark = s;
        continue;
      }
      boolean escaped = p < wanted.length && wanted[p] == escaping;
      int at = escaped ? p + 1 : p;
      if (escaped && at >= wanted.length) {
        throw new PgError("22025", "LIKE pattern must not end with escape character");
      }
      if (s < subject.length && at < wanted.length && (!escaped && wanted[at] == '_' || wanted[at] == subject[s])) {
        s++;
        p = at + 1;
      } else if (s == subject.length && p == wanted.length) {
        return true;
      } else if (star >= 0 && s < subject.length) {
        p = star + 1;
        s = ++mark;
        if (mark > subject.length) {
          return false;
        }
      } else {
        return false;
      }
    }
  }

  /** Raises 2201B. */
  private static Matcher matcher(UTF8String text, UTF8String pattern) {
    Pattern found = COMPILED.get(pattern);
    if (found == null) {
      try {
        found = Pattern.compile(pattern.toString());
      } catch (PatternSyntaxException error) {
        throw new PgError("2201B", "invalid regular expression: " + error.getDescription());
      }
      COMPILED.put(pattern.clone(), found);
    }
    return found.matcher(text.toString());
  }

  /** Whether there is a match anywhere. */
  public static boolean matches(UTF8String text, UTF8String pattern) {
    return matcher(text, pattern).find();
  }

  /** A group of the first match, 0 the whole; NULL without a match, or where the group took no part. */
  public static UTF8String find(UTF8String text, UTF8String pattern, int group) {
    Matcher matcher = matcher(text, pattern);
    return matcher.find() ? UTF8String.fromString(matcher.group(group)) : null;
  }

  /** regexp_match(): all groups of the first match, or the whole if there are none; NULL without a match. */
  public static ArrayData match(UTF8String text, UTF8String pattern) {
    Matcher matcher = matcher(text, pattern);
    if (!matcher.find()) {
      return null;
    }
    int groups = matcher.groupCount();
    Object[] found = new Object[Math.max(groups, 1)];
    for (int i = 0; i < found.length; i++) {
      found[i] = UTF8String.fromString(matcher.group(groups == 0 ? 0 : i + 1));
    }
    return Arrays.of(found);
  }

  /** regexp_replace(): `replacement` in PostgreSQL's form: \1 to \9, \& for the whole match, \\ for a backslash. */
  public static UTF8String replace(UTF8String text, UTF8String pattern, UTF8String replacement, boolean all) {
    String body = text.toString();
    String form = replacement.toString();
    Matcher matcher = matcher(text, pattern);
    StringBuilder out = new StringBuilder();
    int from = 0;
    while (matcher.find()) {
      out.append(body, from, matcher.start());
      expand(out, form, matcher);
      from = matcher.end();
      if (!all) {
        break;
      }
    }
    return UTF8String.fromString(out.append(body, from, body.length()).toString());
  }

  private static void expand(StringBuilder out, String form, Matcher matcher) {
    for (int i = 0; i < form.length(); i++) {
      char c = form.charAt(i);
      if (c != '\\' || i + 1 >= form.length()) {
        out.append(c);
        continue;
      }
      char next = form.charAt(++i);
      int group = next == '&' ? 0 : next >= '1' && next <= '9' ? next - '0' : -1;
      if (group < 0) {
        out.append(next == '\\' ? "\\" : "\\" + next);
      } else if (group <= matcher.groupCount() && matcher.group(group) != null) {
        out.append(matcher.group(group));
      }
    }
  }

  public static int count(UTF8String text, UTF8String pattern) {
    Matcher matcher = matcher(text, pattern);
    int found = 0;
    while (matcher.find()) {
      found++;
    }
    return found;
  }

  /** regexp_split_to_array(): what stands between matches; empty ones at the ends or after a match do not split. */
  public static ArrayData split(UTF8String text, UTF8String pattern) {
    String body = text.toString();
    Matcher matcher = matcher(text, pattern);
    java.util.List<Object> found = new java.util.ArrayList<>();
    int from = 0;
    while (matcher.find()) {
      if (matcher.start() >= body.length() || matcher.end() <= from) {
        continue;
      }
      found.add(UTF8String.fromString(body.substring(from, matcher.start())));
      from = matcher.end();
    }
    found.add(UTF8String.fromString(body.substring(from)));
    return Arrays.of(found.toArray());
  }
}
