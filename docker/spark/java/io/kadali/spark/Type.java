package io.kadali.spark;

import java.util.Arrays;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.unsafe.types.CalendarInterval;
import org.apache.spark.unsafe.types.UTF8String;

/** The types that functions take and give: Spark's name, Spark's type, and the Java class of its values inside Spark. */
enum Type {
  BOOLEAN("boolean", DataTypes.BooleanType, boolean.class),
  SMALLINT("smallint", DataTypes.ShortType, short.class),
  INT("int", DataTypes.IntegerType, int.class),
  BIGINT("bigint", DataTypes.LongType, long.class),
  FLOAT("float", DataTypes.FloatType, float.class),
  DOUBLE("double", DataTypes.DoubleType, double.class),
  STRING("string", DataTypes.StringType, UTF8String.class),
  BINARY("binary", DataTypes.BinaryType, byte[].class),
  DATE("date", DataTypes.DateType, int.class),
  TIMESTAMP("timestamp", DataTypes.TimestampType, long.class),
  TIMESTAMP_NTZ("timestamp_ntz", DataTypes.TimestampNTZType, long.class),
  KEY("decimal(38,0)", DataTypes.createDecimalType(38, 0), Decimal.class),
  INTERVAL("interval", DataTypes.CalendarIntervalType, CalendarInterval.class),
  STRINGS("array<string>", DataTypes.createArrayType(DataTypes.StringType), ArrayData.class),
  BIGINTS("array<bigint>", DataTypes.createArrayType(DataTypes.LongType), ArrayData.class),
  TIMESTAMPS("array<timestamp>", DataTypes.createArrayType(DataTypes.TimestampType), ArrayData.class),
  TIMESTAMPS_NTZ("array<timestamp_ntz>", DataTypes.createArrayType(DataTypes.TimestampNTZType), ArrayData.class);

  private final String text;
  private final DataType type;
  private final Class<?> java;

  Type(String text, DataType type, Class<?> java) {
    this.text = text;
    this.type = type;
    this.java = java;
  }

  static Type named(String text) {
    return Arrays.stream(values())
        .filter(t -> t.text.equals(text))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no type " + text));
  }

  DataType spark() {
    return type;
  }

  Class<?> java() {
    return java;
  }

  boolean is(DataType other) {
    return switch (this) {
      case STRING -> other instanceof StringType;
      case STRINGS -> other instanceof ArrayType array && array.elementType() instanceof StringType;
      default -> type.equals(other);
    };
  }

  /** Whether all values of `other` are values of this type, of the same kind. */
  boolean isWider(DataType other) {
    boolean small = other.equals(DataTypes.ByteType) || other.equals(DataTypes.ShortType);
    return switch (this) {
      case INT -> small;
      case BIGINT -> small || other.equals(DataTypes.IntegerType);
      case STRINGS -> other instanceof ArrayType array && array.elementType().equals(DataTypes.NullType);
      default -> false;
    };
  }
}
