package io.kadali.spark;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.unsafe.types.UTF8String;

/** Local times and instants, in microseconds since 1970, by PostgreSQL's rules where clocks change. */
public final class Zones {
  private static final long MICROS = 1_000_000L;
  private static final int CACHED_MAX = 1000;
  private static final Map<UTF8String, ZoneRules> RULES = new ConcurrentHashMap<>();

  private Zones() {}

  /** Raises 22023. */
  static ZoneRules rules(UTF8String zone) {
    ZoneRules found = RULES.get(zone);
    if (found != null) {
      return found;
    }
    try {
      found = ZoneId.of(zone.toString()).getRules();
    } catch (DateTimeException error) {
      throw new PgError("22023", "time zone \"" + zone + "\" not recognized");
    }
    if (RULES.size() < CACHED_MAX) {
      RULES.put(zone.clone(), found);
    }
    return found;
  }

  /** Seconds east of Greenwich at an instant. */
  public static int offset(long micros, UTF8String zone) {
    return offset(micros, rules(zone));
  }

  private static int offset(long micros, ZoneRules rules) {
    if (rules.isFixedOffset()) {
      return rules.getOffset(Instant.EPOCH).getTotalSeconds();
    }
    return rules.getOffset(Instant.ofEpochSecond(Math.floorDiv(micros, MICROS))).getTotalSeconds();
  }

  /** timestamptz to timestamp. */
  public static long local(long micros, UTF8String zone) {
    return Moments.isFinite(micros) ? Moments.plus(micros, offset(micros, zone) * MICROS) : micros;
  }

  /** timestamp to timestamptz: in a gap the offset before it holds, of two possible instants it is the later. */
  public static long instant(long micros, UTF8String zone) {
    return Moments.isFinite(micros) ? Moments.plus(micros, -localOffset(micros, rules(zone)) * MICROS) : micros;
  }

  private static long localOffset(long micros, ZoneRules rules) {
    if (rules.isFixedOffset()) {
      return rules.getOffset(Instant.EPOCH).getTotalSeconds();
    }
    LocalDateTime local = LocalDateTime.ofEpochSecond(Math.floorDiv(micros, MICROS), 0, ZoneOffset.UTC);
    ZoneOffsetTransition change = rules.getTransition(local);
    if (change == null) {
      return rules.getOffset(local).getTotalSeconds();
    }
    return (change.isGap() ? change.getOffsetBefore() : change.getOffsetAfter()).getTotalSeconds();
  }
}
