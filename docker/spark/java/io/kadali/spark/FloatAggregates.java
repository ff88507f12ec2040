package io.kadali.spark;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.functions.AggregateFunction;

/** Aggregates over floats, by the recurrences of float.c (Youngs and Cramer), errors of overflow included. */
public final class FloatAggregates {
  private FloatAggregates() {}

  /** float8_regr_accum's state; with one variable y and its sums stay 0. */
  private static final class Moments implements Serializable {
    private static final long serialVersionUID = 1L;
    private double n;
    private double sx;
    private double sxx;
    private double sy;
    private double syy;
    private double sxy;

    void add(double x, double y) {
      boolean first = n == 0;
      n++;
      sx += x;
      sy += y;
      if (!first) {
        double tx = x * n - sx;
        double ty = y * n - sy;
        double scale = 1.0 / (n * (n - 1));
        sxx += tx * tx * scale;
        syy += ty * ty * scale;
        sxy += tx * ty * scale;
        check(Double.isInfinite(x), Double.isInfinite(y));
      } else {
        sxx = Double.isFinite(x) ? sxx : Double.NaN;
        syy = Double.isFinite(y) ? syy : Double.NaN;
        sxy = Double.isFinite(x) && Double.isFinite(y) ? sxy : Double.NaN;
      }
    }

    private void check(boolean infiniteX, boolean infiniteY) {
      boolean infinite = Double.isInfinite(sx) || Double.isInfinite(sxx) || Double.isInfinite(sy)
          || Double.isInfinite(syy) || Double.isInfinite(sxy);
      if (infinite) {
        boolean overX = Double.isInfinite(sx) && !infiniteX && !wasInfinite(sxx);
        boolean overXx = Double.isInfinite(sxx);
        if (overX || overXx || Double.isInfinite(syy) || Double.isInfinite(sy) && !infiniteY && !wasInfinite(syy)) {
          throw PgError.overflow();
        }
      }
    }

    private static boolean wasInfinite(double squares) {
      return Double.isNaN(squares);
    }

    Moments plus(Moments o) {
      if (o.n == 0) {
        return this;
      }
      if (n == 0) {
        return o;
      }
      double total = n + o.n;
      double dx = sx / n - o.sx / o.n;
      double dy = sy / n - o.sy / o.n;
      sxx = sxx + o.sxx + n * o.n * dx * dx / total;
      syy = syy + o.syy + n * o.n * dy * dy / total;
      sxy = sxy + o.sxy + n * o.n * dx * dy / total;
      sx += o.sx;
      sy += o.sy;
      n = total;
      return this;
    }
  }

  private static AggregateFunction<?, ?> one(String name, Aggregate.Finish<Moments> finish) {
    return new Aggregate<>(
        name,
        List.of(Type.DOUBLE),
        Type.DOUBLE,
        Moments::new,
        (state, row) -> state.add(row.getDouble(0), 0),
        Moments::plus,
        finish);
  }

  public static AggregateFunction<?, ?> average() {
    return one("pg_avg", s -> s.n == 0 ? null : (Object) (s.sx / s.n));
  }

  public static AggregateFunction<?, ?> varianceSample() {
    return one("pg_var_samp", s -> s.n <= 1 ? null : (Object) (s.sxx / (s.n - 1)));
  }

  public static AggregateFunction<?, ?> variancePopulation() {
    return one("pg_var_pop", s -> s.n == 0 ? null : (Object) (s.sxx / s.n));
  }

  public static AggregateFunction<?, ?> deviationSample() {
    return one("pg_stddev_samp", s -> s.n <= 1 ? null : (Object) Math.sqrt(s.sxx / (s.n - 1)));
  }

  public static AggregateFunction<?, ?> deviationPopulation() {
    return one("pg_stddev_pop", s -> s.n == 0 ? null : (Object) Math.sqrt(s.sxx / s.n));
  }

  /** Of (y, x), as SQL has them. */
  private static AggregateFunction<?, ?> two(String name, Aggregate.Finish<Moments> finish) {
    return new Aggregate<>(
        name,
        List.of(Type.DOUBLE, Type.DOUBLE),
        Type.DOUBLE,
        Moments::new,
        (state, row) -> state.add(row.getDouble(1), row.getDouble(0)),
        Moments::plus,
        finish);
  }

  public static AggregateFunction<?, ?> covariancePopulation() {
    return two("pg_covar_pop", s -> s.n == 0 ? null : (Object) (s.sxy / s.n));
  }

  public static AggregateFunction<?, ?> covarianceSample() {
    return two("pg_covar_samp", s -> s.n <= 1 ? null : (Object) (s.sxy / (s.n - 1)));
  }

  public static AggregateFunction<?, ?> correlation() {
    return two(
        "pg_corr", s -> s.n == 0 || s.sxx == 0 || s.syy == 0 ? null : (Object) (s.sxy / Math.sqrt(s.sxx * s.syy)));
  }

  public static AggregateFunction<?, ?> slope() {
    return two("pg_regr_slope", s -> s.n == 0 || s.sxx == 0 ? null : (Object) (s.sxy / s.sxx));
  }

  public static AggregateFunction<?, ?> intercept() {
    return two(
        "pg_regr_intercept", s -> s.n == 0 || s.sxx == 0 ? null : (Object) ((s.sy - s.sx * s.sxy / s.sxx) / s.n));
  }

  public static AggregateFunction<?, ?> determination() {
    return two(
        "pg_regr_r2",
        s ->
            s.n == 0 || s.sxx == 0
                ? null
                : s.syy == 0 ? (Object) 1.0 : (Object) (s.sxy * s.sxy / (s.sxx * s.syy)));
  }

  public static AggregateFunction<?, ?> averageX() {
    return two("pg_regr_avgx", s -> s.n == 0 ? null : (Object) (s.sx / s.n));
  }

  public static AggregateFunction<?, ?> averageY() {
    return two("pg_regr_avgy", s -> s.n == 0 ? null : (Object) (s.sy / s.n));
  }

  public static AggregateFunction<?, ?> sumXx() {
    return two("pg_regr_sxx", s -> s.n == 0 ? null : (Object) s.sxx);
  }

  public static AggregateFunction<?, ?> sumYy() {
    return two("pg_regr_syy", s -> s.n == 0 ? null : (Object) s.syy);
  }

  public static AggregateFunction<?, ?> sumXy() {
    return two("pg_regr_sxy", s -> s.n == 0 ? null : (Object) s.sxy);
  }

  /** A sum; `any` tells that there was a term. */
  private static final class Sum implements Serializable {
    private static final long serialVersionUID = 1L;
    private boolean any;
    private double total;

    void add(double x) {
      total = any ? Floats.add(total, x) : x;
      any = true;
    }

    void addSingle(float x) {
      total = any ? Floats.add((float) total, x) : x;
      any = true;
    }
  }

  public static AggregateFunction<?, ?> sum() {
    return new Aggregate<>(
        "pg_sum",
        List.of(Type.DOUBLE),
        Type.DOUBLE,
        Sum::new,
        (state, row) -> state.add(row.getDouble(0)),
        (a, b) -> {
          if (b.any) {
            a.add(b.total);
          }
          return a;
        },
        state -> state.any ? (Object) state.total : null);
  }

  public static AggregateFunction<?, ?> sumSingle() {
    return new Aggregate<>(
        "pg_sum",
        List.of(Type.FLOAT),
        Type.FLOAT,
        Sum::new,
        (state, row) -> state.addSingle(row.getFloat(0)),
        (a, b) -> {
          if (b.any) {
            a.addSingle((float) b.total);
          }
          return a;
        },
        state -> state.any ? (Object) (float) state.total : null);
  }

  /** The values of a group, and the fraction asked for. */
  private static final class Values implements Serializable {
    private static final long serialVersionUID = 1L;
    private double fraction;
    private double[] items = new double[16];
    private int count;

    void add(InternalRow row) {
      fraction = row.getDouble(1);
      append(row.getDouble(0));
    }

    private void append(double item) {
      if (count == items.length) {
        items = Arrays.copyOf(items, count * 2);
      }
      items[count++] = item;
    }

    Values plus(Values other) {
      fraction = count > 0 ? fraction : other.fraction;
      for (int i = 0; i < other.count; i++) {
        append(other.items[i]);
      }
      return this;
    }

    /** percentile_cont_final: NaN sorts last. */
    Object percentile() {
      if (count == 0) {
        return null;
      }
      if (!(fraction >= 0 && fraction <= 1)) {
        throw new PgError("22003", "percentile value " + fraction + " is not between 0 and 1");
      }
      Arrays.sort(items, 0, count);
      double at = fraction * (count - 1);
      double low = items[(int) Math.floor(at)];
      double high = items[(int) Math.ceil(at)];
      return low == high ? low : low + (at - Math.floor(at)) * (high - low);
    }
  }

  /** percentile_cont(fraction) WITHIN GROUP (ORDER BY x), as (x, fraction). */
  public static AggregateFunction<?, ?> percentile() {
    return new Aggregate<>(
        "pg_percentile_cont",
        List.of(Type.DOUBLE, Type.DOUBLE),
        Type.DOUBLE,
        Values::new,
        Values::add,
        Values::plus,
        Values::percentile);
  }
}
