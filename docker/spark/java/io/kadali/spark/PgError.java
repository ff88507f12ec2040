package io.kadali.spark;

/** An error PostgreSQL would raise. Its text carries the SQLSTATE, by which the gateway recognises it. */
public final class PgError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public PgError(String sqlState, String message) {
    super("SQLSTATE " + sqlState + ": " + message);
  }

  /** What PostgreSQL could do and this library does not. */
  static PgError unsupported(String construct) {
    return new PgError("0A000", construct + " is not supported on Spark");
  }

  static PgError invalidText(String type, String text) {
    return new PgError("22P02", "invalid input syntax for type " + type + ": \"" + text + "\"");
  }

  static PgError divisionByZero() {
    return new PgError("22012", "division by zero");
  }

  static PgError overflow() {
    return new PgError("22003", "value out of range: overflow");
  }

  static PgError underflow() {
    return new PgError("22003", "value out of range: underflow");
  }
}
