"""SQL macros: PostgreSQL's functions where DuckDB's differ. `register` creates them and the Python ones."""

from __future__ import annotations

import duckdb

from engine.dialect.duckdb.functions_python import register_python


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Create all functions the dialect uses, once per DuckDB instance; every cursor of it sees them.

    The instance must have integer_division = true and ieee_floating_point_ops = false.
    """
    register_python(connection)
    for text in (_NUMBERS, _FLOATS, _TEXT, _ARRAYS, _INTERVALS, _TIMES, _QUERY):
        for macro in text.strip().split("\n\n"):
            connection.execute(f"CREATE MACRO {macro}")


def _error(code: str, message: str) -> str:
    return f"error('SQLSTATE {code}: {message}')"


_NUMBERS = f"""
pg_numeric_display(v, scale, physical) AS CASE WHEN scale = physical THEN CAST(v AS VARCHAR)
    ELSE pg_numeric_display_text(CAST(v AS VARCHAR), scale) END

pg_numeric_in(x) AS CASE WHEN regexp_full_match(x, '-?[1-9][0-9]*(\\.[0-9]+)?|0(\\.[0-9]+)?') THEN x
    ELSE pg_numeric_in_slow(x) END

pg_numeric_scale(x) AS CAST(pg_numeric_scale_of(x) AS INTEGER)

pg_int_in(x, name) AS CASE WHEN regexp_full_match(x, '-?[0-9]{{1,4}}') THEN CAST(x AS BIGINT)
    ELSE pg_int_in_slow(x, name) END

pg_mod_int(a, b) AS CASE WHEN b = 0 AND a IS NOT NULL THEN {_error("22012", "division by zero")}
    WHEN b = -1 AND a IS NOT NULL THEN b - b ELSE a % nullif(b, 0) END
"""

_OVERFLOW = _error("22003", "value out of range: overflow")
_UNDERFLOW = _error("22003", "value out of range: underflow")
_INPUT_RANGE = _error("22003", "input is out of range")
_FLOATS = f"""
pg_float_range(x) AS CASE WHEN x = 0 THEN {_UNDERFLOW} ELSE {_OVERFLOW} END

pg_float_div_checked(r, a, b) AS CASE WHEN isinf(r) AND NOT isinf(a) THEN {_OVERFLOW}
    WHEN r = 0 AND a <> 0 AND NOT isinf(b) THEN {_UNDERFLOW} ELSE r END

pg_float_div(a, b) AS CASE WHEN b = 0
    THEN (CASE WHEN isnan(a) OR a IS NULL THEN a ELSE {_error("22012", "division by zero")} END)
    ELSE pg_float_div_checked(a / nullif(b, 0), a, b) END

pg_float8_float4(x) AS CASE WHEN isfinite(x) AND abs(x) >= 3.4028235677973366e38 THEN {_OVERFLOW}
    WHEN x <> 0 AND abs(x) <= 7.006492321624085e-46 THEN {_UNDERFLOW} ELSE CAST(x AS FLOAT) END

pg_float4_in(x) AS CAST(pg_float4_in_of(x) AS FLOAT)

pg_float4_numeric(x) AS pg_float4_numeric_of(CAST(x AS DOUBLE))

pg_float4_text(x) AS pg_float4_text_of(CAST(x AS DOUBLE))

pg_float8_text(x) AS CASE WHEN abs(x) >= 0.0001 AND abs(x) < 1000000000000000.0
    THEN regexp_replace(CAST(x AS VARCHAR), '\\.0$', '') ELSE pg_float8_text_slow(x) END

pg_float_sign(x) AS CASE WHEN x > 0 AND NOT isnan(x) THEN CAST(1 AS DOUBLE) WHEN x < 0 THEN CAST(-1 AS DOUBLE)
    WHEN x IS NULL THEN NULL ELSE CAST(0 AS DOUBLE) END

pg_rint(x) AS CASE WHEN abs(x) < 4503599627370496 AND x - trunc(x) <> 0
    THEN CASE WHEN abs(x - trunc(x)) = 0.5 THEN 2 * round(x / 2) ELSE round(x) END ELSE x END

pg_power_checked(r, x, y) AS CASE WHEN isinf(r) AND NOT isinf(x) AND NOT isinf(y) THEN {_OVERFLOW}
    WHEN r = 0 AND x <> 0 AND NOT isinf(x) AND NOT isinf(y) THEN {_UNDERFLOW} ELSE r END

pg_power(x, y) AS CASE
    WHEN x = 0 AND y < 0 THEN {_error("2201F", "zero raised to a negative power is undefined")}
    WHEN x < 0 AND isfinite(x) AND isfinite(y) AND y <> floor(y)
        THEN {_error("2201F", "a negative number raised to a non-integer power yields a complex result")}
    WHEN x = 1 OR y = 0 THEN CAST(1 AS DOUBLE)
    ELSE pg_power_checked(pow(x, CASE WHEN x = 0 AND y < 0 THEN 1 ELSE y END), x, y) END

pg_float_sqrt(x) AS CASE WHEN x < 0 THEN {_error("2201F", "cannot take square root of a negative number")}
    ELSE sqrt(x) END

pg_float_ln(x) AS CASE WHEN x = 0 THEN {_error("2201E", "cannot take logarithm of zero")}
    WHEN x < 0 THEN {_error("2201E", "cannot take logarithm of a negative number")} ELSE ln(x) END

pg_float_log10(x) AS CASE WHEN x = 0 THEN {_error("2201E", "cannot take logarithm of zero")}
    WHEN x < 0 THEN {_error("2201E", "cannot take logarithm of a negative number")} ELSE log10(x) END

pg_float_exp(x) AS CASE WHEN isfinite(x) AND isinf(exp(x)) THEN {_OVERFLOW}
    WHEN isfinite(x) AND exp(x) = 0 THEN {_UNDERFLOW} ELSE exp(x) END

pg_float_atan2(y, x) AS atan2(y, x)

pg_degrees(x) AS CASE WHEN isfinite(x) AND isinf(degrees(x)) THEN {_OVERFLOW} ELSE degrees(x) END

pg_radians(x) AS radians(x)

pg_sin(x) AS CASE WHEN isinf(x) THEN {_INPUT_RANGE} ELSE sin(x) END

pg_cos(x) AS CASE WHEN isinf(x) THEN {_INPUT_RANGE} ELSE cos(x) END

pg_tan(x) AS CASE WHEN isinf(x) THEN {_INPUT_RANGE} ELSE tan(x) END

pg_asin(x) AS CASE WHEN abs(x) > 1 AND NOT isnan(x) THEN {_INPUT_RANGE} ELSE asin(x) END

pg_acos(x) AS CASE WHEN abs(x) > 1 AND NOT isnan(x) THEN {_INPUT_RANGE} ELSE acos(x) END

pg_atan(x) AS atan(x)

pg_sinh(x) AS sinh(x)

pg_cosh(x) AS cosh(x)

pg_tanh(x) AS tanh(x)

pg_sum_checked(total, infinite) AS CASE WHEN isinf(total) AND NOT coalesce(infinite, false) THEN {_OVERFLOW}
    ELSE total END

pg_corr_checked(r, special) AS CASE WHEN special
    THEN {_error("0A000", "corr over NaN or infinity is not supported by the embedded engine")}
    WHEN isnan(r) THEN NULL ELSE r END
"""

_TEXT = f"""
pg_lower(x) AS lower(x)

pg_upper(x) AS CASE WHEN contains(x, 'ß')
    THEN replace(upper(replace(x, 'ß', chr(1114109))), chr(1114109), 'ß') ELSE upper(x) END

pg_substring(x, i) AS CASE WHEN i < 1 THEN x ELSE substring(x, i) END

pg_substring_for(x, i, n) AS CASE WHEN x IS NULL OR i IS NULL OR n IS NULL THEN NULL
    WHEN n < 0 THEN {_error("22011", "negative substring length not allowed")}
    WHEN CAST(i AS BIGINT) + n <= 1 THEN ''
    ELSE substring(x, greatest(i, 1), CAST(i AS BIGINT) + n - greatest(i, 1)) END

pg_left(x, n) AS CASE WHEN n >= 0 THEN left(x, n) WHEN length(x) + n <= 0 THEN '' ELSE left(x, length(x) + n) END

pg_right(x, n) AS CASE WHEN n = 0 THEN left(x, 0) WHEN n > 0 THEN right(x, n) WHEN length(x) + n <= 0 THEN ''
    ELSE right(x, length(x) + n) END

pg_ltrim(x, s) AS pg_trim_set(x, s, 'ltrim')

pg_rtrim(x, s) AS pg_trim_set(x, s, 'rtrim')

pg_btrim(x, s) AS pg_trim_set(x, s, 'btrim')

pg_lpad(x, n, fill) AS pg_pad(x, n, fill, true)

pg_rpad(x, n, fill) AS pg_pad(x, n, fill, false)

pg_replace(x, old, new) AS CASE WHEN old = '' AND new IS NOT NULL THEN x ELSE replace(x, old, new) END

pg_strpos(x, y) AS CASE WHEN y = '' AND x IS NOT NULL THEN 1 ELSE strpos(x, y) END

pg_ascii(x) AS CASE WHEN x = '' THEN 0 ELSE ascii(x) END

pg_chr(x) AS CASE WHEN x = 0 THEN {_error("54000", "null character not permitted")}
    WHEN x < 0 THEN {_error("22023", "character number must be positive")}
    WHEN x > 1114111 OR (x >= 55296 AND x <= 57343)
        THEN error('SQLSTATE 54000: requested character not valid for encoding: ' || x) ELSE chr(x) END

pg_regex_find(x, pattern, i) AS CASE WHEN regexp_matches(x, pattern) THEN regexp_extract(x, pattern, i) END

pg_regex_match(x, pattern, i) AS CASE WHEN regexp_matches(x, pattern) THEN [regexp_extract(x, pattern, i)] END

pg_fit_varchar(x, n) AS CASE WHEN x IS NULL OR length(x) <= n THEN x
    WHEN rtrim(substring(x, n + 1), ' ') = '' THEN left(x, n)
    ELSE error('SQLSTATE 22001: value too long for type character varying(' || n || ')') END

pg_fit_bpchar(x, n) AS CASE WHEN x IS NULL OR length(x) <= n THEN x
    ELSE error('SQLSTATE 22001: value too long for type character(' || n || ')') END

pg_bytea_text(x) AS '\\x' || lower(hex(x))

pg_uuid_in(x) AS CAST(pg_uuid_text_in(x) AS UUID)

pg_json_in(x) AS CAST(pg_json_text_in(x) AS JSON)

pg_jsonb_in(x) AS CAST(pg_jsonb_text_in(x) AS JSON)
"""

_ARRAYS = f"""
pg_array_item(a, i) AS CASE WHEN i >= 1 THEN a[i] END

pg_array_slice(a, l, h) AS CASE WHEN l IS NOT NULL AND h IS NOT NULL THEN
    list_filter(a, lambda pg_x, pg_i: pg_i >= l AND pg_i <= h) END

pg_array_cat(a, b) AS CASE WHEN a IS NULL THEN b WHEN b IS NULL THEN a ELSE list_concat(a, b) END

pg_array_contains(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN len(list_filter(b, lambda pg_x: pg_x IS NULL)) > 0 THEN false ELSE list_has_all(a, b) END

pg_array_overlaps(a, b) AS list_has_any(list_filter(a, lambda pg_x: pg_x IS NOT NULL),
    list_filter(b, lambda pg_x: pg_x IS NOT NULL))

pg_any(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN true
    WHEN len(list_filter(l, lambda pg_x: pg_x IS NULL)) > 0 THEN NULL ELSE false END

pg_all(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, false) THEN false
    WHEN len(list_filter(l, lambda pg_x: pg_x IS NULL)) > 0 THEN NULL ELSE true END

pg_array_length(a, d) AS CASE WHEN d = 1 AND len(a) > 0 THEN CAST(len(a) AS INTEGER) END

pg_array_lower(a, d) AS CASE WHEN d = 1 AND len(a) > 0 THEN 1 END

pg_array_to_string(l, separator, missing) AS CASE WHEN l IS NULL OR separator IS NULL THEN NULL ELSE
    coalesce(array_to_string(list_filter(list_transform(l, lambda pg_x: coalesce(pg_x, missing)),
    lambda pg_x: pg_x IS NOT NULL), separator), '') END

pg_string_to_array(x, separator) AS CASE WHEN x = '' THEN CAST([] AS VARCHAR[]) WHEN x IS NULL THEN NULL
    WHEN separator IS NULL THEN regexp_extract_all(x, '(?s).') WHEN separator = '' THEN [x]
    ELSE string_split(x, separator) END

pg_array_positions(a, x) AS CASE WHEN a IS NOT NULL THEN list_filter(CAST(range(1, len(a) + 1) AS INTEGER[]),
    lambda pg_i: a[pg_i] IS NOT DISTINCT FROM x) END

pg_array_position(a, x) AS pg_array_positions(a, x)[1]

pg_series_int(a, b, s) AS CASE WHEN s = 0 AND a IS NOT NULL AND b IS NOT NULL
    THEN {_error("22023", "step size cannot equal zero")}
    ELSE generate_series(CAST(a AS BIGINT), CAST(b AS BIGINT), CAST(s AS BIGINT)) END

pg_series_stamp(a, b, s) AS CASE WHEN s = to_microseconds(0) AND a IS NOT NULL AND b IS NOT NULL
    THEN {_error("22023", "step size cannot equal zero")}
    ELSE generate_series(a, b, s) END

pg_mode(l) AS list_aggregate(l, 'mode')
"""

_DAY = 86_400_000_000
_TIMES = f"""
pg_finite(x) AS CASE WHEN isfinite(x) OR x IS NULL THEN x
    ELSE {_error("0A000", "fields of an infinite date are not supported by the embedded engine")} END

pg_in_range(x) AS CASE WHEN isfinite(x) AND epoch_us(x) < -210866803200000000
    THEN {_error("22008", "timestamp out of range")} ELSE x END

pg_time_us(x) AS (datepart('hour', x) * 3600000000 + datepart('minute', x) * 60000000 + datepart('microsecond', x))

pg_date_text(x) AS CASE WHEN x >= DATE '0001-01-01' THEN CAST(x AS VARCHAR)
    ELSE replace(CAST(x AS VARCHAR), ' (BC)', ' BC') END

pg_timestamp_text(x) AS CASE WHEN x >= TIMESTAMP '0001-01-01' THEN CAST(x AS VARCHAR)
    ELSE replace(CAST(x AS VARCHAR), ' (BC)', ' BC') END

pg_timestamptz_text(x) AS CASE WHEN x IS NULL OR x >= TIMESTAMPTZ '0001-01-02 00:00:00+00' THEN CAST(x AS VARCHAR)
    ELSE {_error("0A000", "the text of a timestamp before year 1 is not supported by the embedded engine")} END

pg_date_in(x) AS CAST(pg_date_text_in(x) AS DATE)

pg_timestamp_in(x) AS CAST(pg_timestamp_text_in(x) AS TIMESTAMP)

pg_timestamptz_in(x) AS CASE
    WHEN regexp_full_match(x, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.][0-9]{{1,6}})?'
        || '(Z|[+-][0-9]{{2}}(:[0-9]{{2}})?)')
    THEN CAST(x AS TIMESTAMPTZ) ELSE CAST(CAST(pg_timestamp_text_in(x) AS TIMESTAMP) AS TIMESTAMPTZ) END

pg_time_in(x) AS CAST(pg_time_text_in(x) AS TIME)

pg_date_add(d, n) AS CASE WHEN isfinite(d) THEN d + n ELSE d END

pg_date_diff(a, b) AS CASE WHEN isfinite(a) AND isfinite(b) OR a IS NULL OR b IS NULL THEN a - b
    ELSE {_error("22008", "cannot subtract infinite dates")} END

pg_date_time(d, t) AS CASE WHEN isfinite(d) THEN CAST(d AS TIMESTAMP) + to_microseconds(pg_time_us(t))
    WHEN t IS NULL THEN NULL ELSE CAST(d AS TIMESTAMP) END

pg_stamp_diff(a, b) AS CASE WHEN isfinite(a) AND isfinite(b) OR a IS NULL OR b IS NULL THEN a - b
    ELSE {_error("22008", "cannot subtract infinite timestamps")} END

pg_day_time(u) AS CAST(TIMESTAMP '1970-01-01 00:00:00' + to_microseconds((u % {_DAY} + {_DAY}) % {_DAY}) AS TIME)

pg_time_add(t, i) AS pg_day_time(pg_time_us(t) + pg_interval_us(i) % {_DAY})

pg_time_diff(a, b) AS to_microseconds(pg_time_us(a) - pg_time_us(b))

pg_time_interval(t) AS to_microseconds(pg_time_us(t))

pg_interval_time(i) AS pg_day_time(pg_interval_us(i))

pg_round_us(u, step) AS CASE WHEN u >= 0 THEN (u + step // 2) // step * step ELSE -((step // 2 - u) // step * step) END

pg_round_timestamp(x, step) AS CASE WHEN isfinite(x)
    THEN make_timestamp(pg_round_us(epoch_us(x) - 946684800000000, step) + 946684800000000) ELSE x END

pg_round_timestamptz(x, step) AS CASE WHEN isfinite(x)
    THEN timezone('UTC', make_timestamp(pg_round_us(epoch_us(x) - 946684800000000, step) + 946684800000000)) ELSE x END

pg_round_time(x, step) AS CASE WHEN pg_round_us(pg_time_us(x), step) = {_DAY} THEN TIME '24:00:00'
    ELSE pg_day_time(pg_round_us(pg_time_us(x), step)) END

pg_round_interval(x, step) AS to_months(pg_interval_months(x)) + to_days(pg_interval_days(x))
    + to_microseconds(pg_round_us(pg_interval_us(x), step))

pg_year(x) AS CASE WHEN year(x) > 0 THEN year(x) ELSE year(x) - 1 END

pg_isoyear(x) AS CASE WHEN x IS NULL OR year(x) > 1 THEN isoyear(x)
    ELSE {_error("0A000", "the ISO year of so early a date is not supported by the embedded engine")} END

pg_century(x) AS CASE WHEN year(x) > 0 THEN (year(x) + 99) // 100 ELSE -((100 - year(x)) // 100) END

pg_millennium(x) AS CASE WHEN year(x) > 0 THEN (year(x) + 999) // 1000 ELSE -((1000 - year(x)) // 1000) END

pg_seconds_us(x) AS datepart('microsecond', x)

pg_epoch_date(x) AS (pg_finite(x) - DATE '1970-01-01') * 86400

pg_trunc_year(field, y) AS CASE WHEN y < 1
    THEN {_error("0A000", "date_trunc before year 1 is not supported by the embedded engine")}
    WHEN field = 'decade' THEN y - y % 10 WHEN field = 'century' THEN (y - 1) // 100 * 100 + 1
    ELSE (y - 1) // 1000 * 1000 + 1 END

pg_trunc_years(field, x) AS CASE WHEN isfinite(x)
    THEN make_timestamp(pg_trunc_year(field, year(x)), 1, 1, 0, 0, 0.0) ELSE x END

pg_trunc_years_tz(field, x) AS CASE WHEN isfinite(x)
    THEN CAST(pg_trunc_years(field, CAST(x AS TIMESTAMP)) AS TIMESTAMPTZ) ELSE x END

pg_make_date(y, m, d) AS CASE WHEN y < 0
    THEN {_error("0A000", "make_date before year 1 is not supported by the embedded engine")}
    WHEN y < 1 OR y > 9999 OR m < 1 OR m > 12 OR d < 1 OR d > 31
        OR d > day(last_day(make_date(greatest(least(y, 9999), 1), greatest(least(m, 12), 1), 1)))
    THEN error('SQLSTATE 22008: date field value out of range: ' || y || '-' || lpad(CAST(m AS VARCHAR), 2, '0') || '-'
        || lpad(CAST(d AS VARCHAR), 2, '0')) ELSE make_date(y, m, d) END

pg_make_time(h, m, s) AS CASE WHEN h < 0 OR h > 23 OR m < 0 OR m > 59 OR s < 0 OR s >= 60
    THEN {_error("22008", "time field value out of range")}
    ELSE pg_day_time(h * 3600000000 + m * 60000000 + CAST(pg_rint(s * 1000000) AS BIGINT)) END

pg_to_timestamp(x) AS CASE WHEN isnan(x) THEN {_error("22008", "timestamp cannot be NaN")}
    WHEN isinf(x) THEN CASE WHEN x > 0 THEN TIMESTAMPTZ 'infinity' ELSE TIMESTAMPTZ '-infinity' END
    WHEN abs(x) > 9000000000000 THEN {_error("22008", "timestamp out of range")}
    ELSE timezone('UTC', make_timestamp(CAST(pg_rint((x - 946684800) * 1000000) AS BIGINT) + 946684800000000)) END

pg_to_date(x, f) AS CAST(pg_to_date_text(x, f) AS DATE)

pg_to_timestamp_text(x, f) AS CAST(pg_to_timestamp_parts(x, f) AS TIMESTAMP)

pg_to_char_timestamp(x, f) AS CASE WHEN NOT isfinite(x) THEN NULL WHEN year(x) < 1 OR year(x) > 9999
    THEN {_error("0A000", "to_char of a year outside 1 to 9999 is not supported by the embedded engine")}
    ELSE pg_to_char_parts(strftime(x, '%Y-%m-%d %H:%M:%S.%f'), f) END

pg_age(a, b) AS CASE WHEN isfinite(a) AND isfinite(b)
    AND (NOT year(a) BETWEEN 1 AND 9999 OR NOT year(b) BETWEEN 1 AND 9999)
    THEN {_error("0A000", "age of a year outside 1 to 9999 is not supported by the embedded engine")}
    WHEN isfinite(a) AND isfinite(b) OR a IS NULL OR b IS NULL THEN pg_interval_of(pg_age_parts(
    strftime(a, '%Y-%m-%d %H:%M:%S.%f'), strftime(b, '%Y-%m-%d %H:%M:%S.%f')))
    ELSE {_error("22008", "timestamp out of range")} END
"""

_INTERVALS = """
pg_interval_months(x) AS (datepart('year', x) * 12 + datepart('month', x))

pg_interval_days(x) AS datepart('day', x)

pg_interval_us(x) AS (datepart('hour', x) * 3600000000 + datepart('minute', x) * 60000000 + datepart('microsecond', x))

pg_interval_of(l) AS to_months(CAST(l[1] AS INTEGER)) + to_days(CAST(l[2] AS INTEGER))
    + to_microseconds(CAST(l[3] AS BIGINT))

pg_stamptz_add(x, i) AS x + to_months(pg_interval_months(i)) + to_days(pg_interval_days(i))
    + to_microseconds(pg_interval_us(i))

pg_stamptz_sub(x, i) AS x - to_months(pg_interval_months(i)) - to_days(pg_interval_days(i))
    - to_microseconds(pg_interval_us(i))

pg_interval_neg(x) AS to_months(-pg_interval_months(x)) + to_days(-pg_interval_days(x))
    + to_microseconds(-pg_interval_us(x))

pg_interval_mul(x, f) AS pg_interval_of(pg_interval_mul_parts(pg_interval_months(x), pg_interval_days(x),
    pg_interval_us(x), f))

pg_interval_div(x, f) AS pg_interval_of(pg_interval_div_parts(pg_interval_months(x), pg_interval_days(x),
    pg_interval_us(x), f))

pg_interval_text(x) AS pg_interval_parts_text(pg_interval_months(x), pg_interval_days(x), pg_interval_us(x))

pg_interval_in(x) AS pg_interval_of(pg_interval_parts_in(x))

pg_justify_hours(x) AS pg_interval_of(pg_justify_parts(pg_interval_months(x), pg_interval_days(x),
    pg_interval_us(x), 1))

pg_justify_days(x) AS pg_interval_of(pg_justify_parts(pg_interval_months(x), pg_interval_days(x),
    pg_interval_us(x), 2))

pg_justify_interval(x) AS pg_interval_of(pg_justify_parts(pg_interval_months(x), pg_interval_days(x),
    pg_interval_us(x), 3))

pg_interval_epoch_us(x) AS (pg_interval_months(x) // 12 * 31557600000000 + pg_interval_months(x) % 12 * 2592000000000
    + pg_interval_days(x) * 86400000000 + pg_interval_us(x))

pg_quo(a, b) AS a // b

pg_rem(a, b) AS a % b

pg_make_interval(y, mo, w, d, h, mi, s) AS to_months(y * 12 + mo) + to_days(w * 7 + d)
    + to_microseconds(CAST(h AS BIGINT) * 3600000000 + CAST(mi AS BIGINT) * 60000000
    + CAST(pg_rint(CAST(s AS DOUBLE) * 1000000) AS BIGINT))
"""

_QUERY = f"""
pg_limit(x) AS CASE WHEN x < 0 THEN {_error("2201W", "LIMIT must not be negative")} ELSE x END

pg_offset(x) AS CASE WHEN x < 0 THEN {_error("2201X", "OFFSET must not be negative")} ELSE x END

pg_frame_offset(x) AS CASE WHEN x < 0 THEN {_error("22013", "frame offset must not be negative")} ELSE x END

pg_ntile_count(x) AS CASE WHEN x <= 0 THEN {_error("22014", "argument of ntile must be greater than zero")} ELSE x END
"""
