package io.kadali.spark;

import java.io.Serializable;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.functions.AggregateFunction;
import org.apache.spark.sql.types.DataType;

/** An aggregate made of functions: rows with a NULL argument do not count. */
final class Aggregate<S extends Serializable> implements AggregateFunction<S, Object> {
  private static final long serialVersionUID = 1L;

  /** Functions that travel to the executors. */
  interface New<S> extends Supplier<S>, Serializable {}

  interface Step<S> extends BiConsumer<S, InternalRow>, Serializable {}

  interface Merge<S> extends BinaryOperator<S>, Serializable {}

  interface Finish<S> extends Function<S, Object>, Serializable {}

  private final String name;
  private final DataType[] types;
  private final DataType result;
  private final New<S> start;
  private final Step<S> step;
  private final Merge<S> merge;
  private final Finish<S> finish;

  Aggregate(String name, List<Type> types, Type result, New<S> start, Step<S> step, Merge<S> merge, Finish<S> finish) {
    this.name = name;
    this.types = types.stream().map(Type::spark).toArray(DataType[]::new);
    this.result = result.spark();
    this.start = start;
    this.step = step;
    this.merge = merge;
    this.finish = finish;
  }

  @Override
  public S newAggregationState() {
    return start.get();
  }

  @Override
  public S update(S state, InternalRow row) {
    for (int i = 0; i < types.length; i++) {
      if (row.isNullAt(i)) {
        return state;
      }
    }
    step.accept(state, row);
    return state;
  }

  @Override
  public S merge(S left, S right) {
    return merge.apply(left, right);
  }

  @Override
  public Object produceResult(S state) {
    return finish.apply(state);
  }

  @Override
  public DataType[] inputTypes() {
    return types.clone();
  }

  @Override
  public DataType resultType() {
    return result;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String canonicalName() {
    return "kadali." + name;
  }
}
