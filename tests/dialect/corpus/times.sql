-- Dates, times, intervals.

SELECT born, born + 1, born - 1, 7 + born, born - date '2000-01-01' FROM people WHERE id < 5 ORDER BY id;
SELECT born + interval '1 month', born - interval '1 year 2 days', born + time '10:00', born + wake FROM people WHERE id < 5 ORDER BY id;
SELECT date '2020-01-31' + interval '1 month', timestamp '2020-03-31 10:00' - interval '1 month', date '2020-02-29' + interval '1 year', timestamp '2020-01-31' + interval '1 month 1 day 02:00';
SELECT seen - timestamp '2020-01-01', seen - born, logged - timestamptz '2020-01-01 00:00:00+00' FROM people WHERE id <> 4 ORDER BY id;
SELECT seen + interval '36 hours', logged + interval '1 day', logged - interval '1 month' FROM people ORDER BY id;
SELECT wake + interval '2 hours', wake - interval '30 minutes', wake - time '01:00', wake + interval '25 hours' FROM people ORDER BY id;
SELECT interval '1 day' * 2, interval '1 month' * 1.5, 0.5 * interval '1 day', interval '1 day' / 2, interval '1 year' / 5, interval '1 mon' * 0.33, -interval '1 mon -3 days', interval '1 day' + interval '2 hours', interval '3 days' - interval '25 hours';
SELECT interval '1 day' / 0;
SELECT interval '1 year 2 mons 3 days 04:05:06.789', interval '-1 day +02:03', interval '1.5 days', interval '3 weeks 04:30', interval '4 hours ago', interval '1-2', interval 'P1Y2M3DT4H5M6S', interval '1 2:03:04', interval '90', interval '1.5 months', interval '1 century', interval '10 ms', interval '@ 1 minute';
SELECT interval '1' day, interval '2' month, interval '1-6' year to month, interval '3 04:05' day to minute, interval '10.75' second, interval '1 day 2:03:04' hour, interval(2) '1.239 seconds', interval '1.25 s' second(1);
SELECT interval '1 day' = interval '24 hours', interval '1 month' = interval '30 days', interval '1 day' < interval '25 hours', interval '1 year' > interval '365 days';
SELECT extract(year FROM born), extract(month FROM born), extract(day FROM born), extract(dow FROM born), extract(isodow FROM born), extract(doy FROM born), extract(week FROM born), extract(isoyear FROM born), extract(quarter FROM born), extract(century FROM born), extract(decade FROM born), extract(millennium FROM born), extract(epoch FROM born) FROM people WHERE id <> 6 ORDER BY id;
SELECT extract(hour FROM seen), extract(minute FROM seen), extract(second FROM seen), extract(milliseconds FROM seen), extract(microseconds FROM seen), extract(epoch FROM seen) FROM people ORDER BY id;
SELECT extract(hour FROM logged), extract(epoch FROM logged), extract(second FROM logged), extract(day FROM logged), extract(timezone FROM logged) FROM people ORDER BY id;
SELECT extract(hour FROM wake), extract(minute FROM wake), extract(second FROM wake), extract(epoch FROM wake) FROM people ORDER BY id;
SELECT extract(year FROM i), extract(month FROM i), extract(day FROM i), extract(hour FROM i), extract(minute FROM i), extract(second FROM i), extract(epoch FROM i) FROM (VALUES (interval '1 year 14 months 35 days 30:10:20.5'), (interval '-13 months -2 days -03:04:05.25')) v (i);
SELECT date_part('year', born), date_part('second', seen), date_part('epoch', logged), date_part('dow', seen), date_part('hour', interval '5 hours') FROM people ORDER BY id;
SELECT date_trunc('month', seen), date_trunc('week', seen), date_trunc('quarter', born), date_trunc('hour', logged), date_trunc('day', logged), date_trunc('year', born), date_trunc('decade', seen), date_trunc('century', seen), date_trunc('second', seen), date_trunc('milliseconds', seen) FROM people WHERE id <> 6 ORDER BY id;
SELECT date_trunc('hour', interval '3 days 02:47:33'), date_trunc('day', timestamptz '2020-06-01 03:00+00', 'Asia/Kolkata');
SELECT age(timestamp '2020-03-01', timestamp '2019-01-31'), age(timestamp '2019-01-31', timestamp '2020-03-01'), age(seen, timestamp '2000-02-29 12:00'), age(born, date '1980-05-17') FROM people ORDER BY id;
SELECT age(born) = age(current_date, born) FROM people WHERE id < 5 ORDER BY id;
SELECT make_date(2020, 2, 29), make_time(10, 20, 30.5), make_timestamp(2020, 1, 2, 3, 4, 5.678), make_interval(1, 2, 3, 4, 5, 6, 7.5), make_interval();
SELECT make_date(2021, 2, 29);
SELECT make_time(25, 0, 0);
SELECT to_timestamp(0), to_timestamp(1.5), to_timestamp(1234567890.123456), to_timestamp(-1.25);
SELECT to_date('2020-03-04', 'YYYY-MM-DD'), to_date('04/03/2020', 'DD/MM/YYYY'), to_date('20200304', 'YYYYMMDD'), to_date('4 Mar 2020', 'DD Mon YYYY');
SELECT to_timestamp('2020-03-04 05:06:07', 'YYYY-MM-DD HH24:MI:SS');
SELECT to_char(seen, 'YYYY-MM-DD HH24:MI:SS.US'), to_char(seen, 'Day, DD Month YYYY'), to_char(seen, 'FMDay FMDDth FMMonth'), to_char(seen, 'HH12:MI AM'), to_char(seen, 'Dy DD Mon YY'), to_char(seen, 'IYYY-IW-ID Q WW DDD D J'), to_char(seen, '"year" YYYY MS') FROM people WHERE id <> 6 ORDER BY id;
SELECT to_char(born, 'YYYYMMDD'), to_char(logged, 'HH24:MI'), to_char(seen, 'DAY MONTH MON DY dy am p.m. CC SSSS') FROM people WHERE id <> 6 ORDER BY id;
SELECT logged AT TIME ZONE 'Asia/Kolkata', seen AT TIME ZONE 'America/New_York', logged AT TIME ZONE 'UTC' FROM people ORDER BY id;
SELECT timestamptz '2023-03-01 05:00+00' + interval '-11 mons -29 days -22:30', timestamptz '2023-03-31 05:00+00' - interval '1 mon 1 day', logged + interval '-1 mon -1 day', logged - (seen - born) FROM people WHERE id < 4 ORDER BY id;
SELECT timezone('Europe/Paris', logged) FROM people ORDER BY id;
SELECT timestamp '2020-03-29 02:30' AT TIME ZONE 'Europe/Paris', timestamp '2020-10-25 02:30' AT TIME ZONE 'Europe/Paris';
SELECT born::timestamp, seen::date, logged::date, seen::time, logged::timestamp, born::timestamptz, seen::timestamptz, logged::time FROM people ORDER BY id;
SELECT seen::timestamp(0), seen::timestamp(3), logged::timestamptz(0), wake::time(0), wake::time(2), interval '1.23456 s'::interval(2) FROM people ORDER BY id;
SELECT timestamptz '2020-01-01 12:00:00+05:30', timestamptz '2020-01-01 12:00', timestamptz '2020-01-01 12:00:00-08', timestamp '2020-01-01T12:00:00.5', timestamptz '2020-07-01 12:00 America/New_York', timestamp '2020-01-01 24:00:00', date '20200102', time '10:20', timestamp '2020-1-2';
SELECT date 'infinity', date '-infinity', timestamp 'infinity', 'epoch'::timestamp, date 'infinity' > date '9999-12-31', timestamptz '-infinity' < now();
SELECT date 'infinity' - date '2020-01-01';
SELECT isfinite(date 'infinity'), isfinite(born) FROM people ORDER BY id;
SELECT id FROM people WHERE born > '2000-01-01' ORDER BY id;
SELECT id FROM people WHERE born >= date '2000-02-29' AND seen < '2021-01-01' ORDER BY id;
SELECT id FROM people WHERE logged BETWEEN '2020-01-01' AND '2020-12-31 23:59:59+00' ORDER BY id;
SELECT id FROM people WHERE born = seen::date ORDER BY id;
SELECT born < seen, born = logged, seen < logged FROM people ORDER BY id;
SELECT now() = current_timestamp, now() = transaction_timestamp(), current_date = now()::date, localtimestamp = now()::timestamp, current_date - 1 < current_date;
SELECT 'now'::timestamptz <= now() + interval '1 hour', 'today'::date = current_date, 'tomorrow'::date = current_date + 1, date 'yesterday' < current_date;
SELECT clock_timestamp() >= now();
SELECT justify_hours(interval '27 hours'), justify_days(interval '35 days'), justify_interval(interval '1 mon -1 hour'), justify_interval(interval '-40 days 30 hours');
SELECT generate_series(date '2020-01-01', date '2020-01-05', interval '1 day');
SELECT g FROM generate_series(timestamp '2020-01-31', timestamp '2020-06-01', interval '1 month') g;
SELECT g::date FROM generate_series('2020-01-01'::date, '2020-03-01', '2 weeks') g ORDER BY 1;
SELECT sold, sum(qty) OVER (ORDER BY sold RANGE BETWEEN interval '20 days' PRECEDING AND CURRENT ROW) FROM sales ORDER BY sold;
SELECT max(seen - born), min(interval '1 day' * id) FROM people WHERE id < 5;
SELECT interval '1 mon 2 days'::text, (interval '-1 year -2 mons +3 days -04:05:06')::text, interval '0'::text, (interval '36:00')::text;
SELECT seen - interval '1 day 12 hours' - interval '1 month' FROM people WHERE id < 4 ORDER BY id;
-- refused
SELECT '1/2/2020'::text::date;
SELECT born::text || 'x', 'at ' || seen, 'z' || logged FROM people ORDER BY id;
-- refused
SELECT (date '2020-01-01', date '2020-02-01') OVERLAPS (date '2020-01-15', date '2020-03-01');
-- refused
SELECT current_time IS NOT NULL;
-- refused
SELECT to_char(now(), 'TZ');
-- refused
SELECT extract(foo FROM born) FROM people;
SELECT time '24:00:00', time '23:59:59.9999999', timestamp '1999-12-31 23:59:60';
