package io.kadali.spark;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.connector.catalog.functions.AggregateFunction;

/** Aggregates as PostgreSQL computes them: exact over numerics, in its order of operations over floats. */
public final class Aggregates {
  private Aggregates() {}

  /** Sum, sum of squares and count of numerics in exact text. */
  private static final class Exact implements Serializable {
    private static final long serialVersionUID = 1L;
    private long count;
    private String total = "0";
    private String squares = "0";
    private String best;
    private transient Numeric sum;
    private transient Numeric square;

    private Numeric sum() {
      sum = sum == null ? Numeric.read(total) : sum;
      return sum;
    }

    private Numeric square() {
      square = square == null ? Numeric.read(squares) : square;
      return square;
    }

    void add(Numeric number) {
      count++;
      sum = sum().plus(number);
    }

    void addSquare(Numeric number) {
      add(number);
      square = square().plus(number.times(number));
    }

    void take(Numeric number, int sign) {
      if (best == null || number.compareTo(Numeric.read(best)) * sign > 0) {
        best = number.toString();
      }
    }

    Exact plus(Exact other) {
      count += other.count;
      sum = sum().plus(other.sum());
      square = square().plus(other.square());
      return this;
    }

    private void writeObject(java.io.ObjectOutputStream out) throws java.io.IOException {
      total = sum().toString();
      squares = square().toString();
      out.defaultWriteObject();
    }
  }

  private static Numeric number(org.apache.spark.sql.catalyst.InternalRow row) {
    return Numeric.of(row.getUTF8String(0));
  }

  public static AggregateFunction<?, ?> sum() {
    return new Aggregate<>(
        "pg_sum",
        List.of(Type.STRING),
        Type.STRING,
        Exact::new,
        (state, row) -> state.add(number(row)),
        Exact::plus,
        state -> state.count == 0 ? null : state.sum().text());
  }

  public static AggregateFunction<?, ?> average() {
    return new Aggregate<>(
        "pg_avg",
        List.of(Type.STRING),
        Type.STRING,
        Exact::new,
        (state, row) -> state.add(number(row)),
        Exact::plus,
        state -> NumericFunctions.average(state.sum().text(), state.count));
  }

  private static AggregateFunction<?, ?> variance(String kind) {
    return new Aggregate<>(
        "pg_" + kind,
        List.of(Type.STRING),
        Type.STRING,
        Exact::new,
        (state, row) -> state.addSquare(number(row)),
        Exact::plus,
        state -> {
          Numeric found = NumericMath.variance(state.count, state.sum(), state.square(), kind);
          return found == null ? null : found.text();
        });
  }

  public static AggregateFunction<?, ?> varianceSample() {
    return variance("var_samp");
  }

  public static AggregateFunction<?, ?> variancePopulation() {
    return variance("var_pop");
  }

  public static AggregateFunction<?, ?> deviationSample() {
    return variance("stddev_samp");
  }

  public static AggregateFunction<?, ?> deviationPopulation() {
    return variance("stddev_pop");
  }

  private static AggregateFunction<?, ?> extreme(String name, int sign) {
    return new Aggregate<>(
        name,
        List.of(Type.STRING),
        Type.STRING,
        Exact::new,
        (state, row) -> state.take(number(row), sign),
        (a, b) -> {
          if (b.best != null) {
            a.take(Numeric.read(b.best), sign);
          }
          return a;
        },
        state -> state.best == null ? null : Numeric.read(state.best).text());
  }

  public static AggregateFunction<?, ?> greatest() {
    return extreme("pg_max", 1);
  }

  public static AggregateFunction<?, ?> least() {
    return extreme("pg_min", -1);
  }
}
