"""What is Spark's of the dialect: the text written for it, under ANSI mode and with our library of `pg_*` functions.

How a function of PostgreSQL's is made known (in `functions_text`, `functions_times`, `functions_numbers`,
`functions_aggregates`, `functions_arrays`, `functions_json` of this package, which `target` imports; tables: `tables`):

    SCALARS.plain("reverse", [TEXT], TEXT, "reverse({0})")               one expression; {0} is the first argument
    SCALARS.add("scale", [NUMERIC], _scale)                              _scale(call: Call) -> Value
    AGGREGATES.add("bool_and", [BOOL], lambda c: value(c.aggregate("bool_and", c.sql(0)), BOOL))
    WINDOWS.add("ntile", [INT4], _ntile)
    OPERATORS.add("->", JSON, TEXT, _field)                              (context, left, right) -> Value

* Name and argument types are PostgreSQL's, and shared by all targets: DuckDB's rows (`duckdb/functions_*`) declare
  most. A signature without a row here is refused with 0A000 "function x is not supported on Spark".
* Arguments arrive already cast to the signature's types, in their inner forms (`value.Value`, `syntax.spark_type`):
  text STRING; char(n) STRING without trailing blanks; numeric DECIMAL(p,s) with `shape`, or STRING with the exact text;
  timestamptz TIMESTAMP; timestamp TIMESTAMP_NTZ; interval Spark's calendar INTERVAL; uuid, json, jsonb STRING; arrays
  ARRAY.
  `NUMBERS` (of `numbers`) gives texts of numerics. Time of day is not held at all.
* A constant argument of a text type has its text in `Value.text`, a constant number its digits in `constant`.
* The session's zone is `call.context.session.time_zone`: write it as an argument. Spark's own is never relied upon.
* `call.keys` are the sort keys of ORDER BY inside an aggregate (Spark's aggregates take none); `call.distinct`,
  `call.filter`, `call.over` are honoured by `call.aggregate(function, *texts)`.
* Names starting with `pg_` are functions of our library (docker/spark/java), found by `needs_library`.
* An error inside Spark carries PostgreSQL's code: `raise_error('SQLSTATE 22023: ...')`, or the same from Java.
"""
