package io.kadali.spark;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.EvalMode;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.aggregate.V2Aggregator;
import org.apache.spark.sql.catalyst.expressions.objects.StaticInvoke;
import org.apache.spark.sql.connector.catalog.functions.AggregateFunction;
import org.apache.spark.sql.types.AbstractDataType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NullType;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A function of Spark SQL: its argument types, and the static Java method that computes it (or, of an aggregate, makes
 * it). Without {@code nullable}, NULL in any argument gives NULL.
 */
record Signature(String name, List<Type> arguments, Type result, Method method, boolean nullable, boolean aggregate) {

  /** Whether the arguments have these very types. */
  boolean takesExactly(List<Expression> given) {
    return fits(given, false);
  }

  /** Whether they have, or are smaller integers, or NULL without a type. */
  boolean takes(List<Expression> given) {
    return fits(given, true);
  }

  private boolean fits(List<Expression> given, boolean widened) {
    if (given.size() != arguments.size()) {
      return false;
    }
    for (int i = 0; i < given.size(); i++) {
      DataType type = given.get(i).dataType();
      Type wanted = arguments.get(i);
      if (!wanted.is(type) && !(widened && (wanted.isWider(type) || type instanceof NullType))) {
        return false;
      }
    }
    return true;
  }

  /** The expression that computes it. */
  Expression call(List<Expression> given) {
    List<Expression> typed = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      Expression argument = given.get(i);
      Type wanted = arguments.get(i);
      boolean same = wanted.is(argument.dataType());
      typed.add(same ? argument : new Cast(argument, wanted.spark(), Option.empty(), EvalMode.ANSI()));
    }
    return aggregate ? aggregation(typed) : invocation(typed);
  }

  private Expression invocation(List<Expression> typed) {
    return new StaticInvoke(
        method.getDeclaringClass(),
        result.spark(),
        method.getName(),
        sequence(typed),
        sequence(new ArrayList<AbstractDataType>()),
        !nullable,
        !method.getReturnType().isPrimitive(),
        true,
        Option.empty());
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private Expression aggregation(List<Expression> typed) {
    try {
      return new V2Aggregator((AggregateFunction) method.invoke(null), sequence(typed), 0, 0);
    } catch (ReflectiveOperationException error) {
      throw new IllegalStateException(name, error);
    }
  }

  private static <T> Seq<T> sequence(List<T> list) {
    return CollectionConverters.asScala(list).toSeq();
  }
}
