package io.kadali.spark;

import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Makes PostgreSQL's functions known to Spark SQL, in every session, under names that begin with {@code pg_}. Named in
 * {@code spark.sql.extensions}. Which functions there are says {@code functions.txt}.
 */
public final class KadaliExtensions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    for (Map.Entry<String, List<Signature>> entry : Signatures.byName().entrySet()) {
      String name = entry.getKey();
      extensions.injectFunction(
          new Tuple3<>(
              new FunctionIdentifier(name),
              new ExpressionInfo(KadaliExtensions.class.getName(), name),
              new Builder(name, entry.getValue())));
    }
    return BoxedUnit.UNIT;
  }

  /** Chooses among the signatures of one name. */
  private static final class Builder extends AbstractFunction1<Seq<Expression>, Expression>
      implements Function1<Seq<Expression>, Expression> {
    private final String name;
    private final List<Signature> signatures;

    Builder(String name, List<Signature> signatures) {
      this.name = name;
      this.signatures = signatures;
    }

    @Override
    public Expression apply(Seq<Expression> arguments) {
      List<Expression> given = CollectionConverters.asJava(arguments);
      for (Signature signature : signatures) {
        if (signature.takesExactly(given)) {
          return signature.call(given);
        }
      }
      for (Signature signature : signatures) {
        if (signature.takes(given)) {
          return signature.call(given);
        }
      }
      StringBuilder types = new StringBuilder();
      for (Expression argument : given) {
        types.append(types.length() > 0 ? ", " : "").append(argument.dataType().simpleString());
      }
      throw new PgError("42883", "function " + name + "(" + types + ") does not exist");
    }
  }
}
