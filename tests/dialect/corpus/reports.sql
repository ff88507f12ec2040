-- What reports and dashboards ask.

SELECT id, CASE WHEN name IS NULL THEN 'x' ELSE 'y' END AS name FROM people GROUP BY 1, 2 ORDER BY 1;
SELECT p.name FROM people p WHERE p.id = (SELECT max(boss) FROM people);
SELECT count(*) FROM (SELECT DISTINCT person, region FROM sales) q;
SELECT region, sum(price) FILTER (WHERE qty > 2) * 100.0 / nullif(sum(price), 0) AS pct FROM sales GROUP BY region ORDER BY pct DESC NULLS LAST;
SELECT to_char(sold, 'YYYY-MM') AS m, sum(price * qty) AS revenue, count(DISTINCT person) FROM sales GROUP BY 1 ORDER BY 1;
SELECT s.*, p.name FROM sales s LEFT JOIN people p ON p.id = s.person WHERE s.sold >= '2023-06-01' ORDER BY s.id LIMIT 5;
SELECT date_trunc('quarter', sold)::date AS q, region, sum(price), lag(sum(price)) OVER (PARTITION BY region ORDER BY date_trunc('quarter', sold)) FROM sales GROUP BY 1, 2, date_trunc('quarter', sold) ORDER BY 2, 1;
SELECT id, price, sum(price) OVER (ORDER BY id) / sum(price) OVER () AS running FROM sales ORDER BY id;
SELECT CASE WHEN age < 20 THEN 'young' WHEN age < 40 THEN 'middle' ELSE 'old' END AS bucket, count(*) FROM people GROUP BY CASE WHEN age < 20 THEN 'young' WHEN age < 40 THEN 'middle' ELSE 'old' END ORDER BY 1;
-- refused
SELECT width_bucket(5.35, 0.024, 10.06, 5);
SELECT to_char(1234.5, '9,999.99'), to_char(balance, 'FM999,999,990.00'), to_char(id, '000'), to_char(big, 'S999'), to_char(balance, '99.9MI'), to_char(-0.5, '9.99'), to_char(balance, 'FM9.99') FROM people ORDER BY id;
-- refused
SELECT to_char(485, 'RN');
-- refused
SELECT to_char(12.5, '99V9');
SELECT count(*) FROM people WHERE name ILIKE '%' || 'an' || '%';
SELECT EXISTS (SELECT 1 FROM people WHERE age > 100), NOT EXISTS (SELECT 1 FROM nothing);
SELECT (SELECT name FROM people WHERE id = 1) || '!', (SELECT count(*) FROM sales) * 2;
SELECT random() BETWEEN 0 AND 1, round(random() * 0), floor(random())::int;
SELECT x.id FROM people x, people y WHERE x.boss = y.id AND y.name = 'Ann' ORDER BY 1;
SELECT id FROM people WHERE age = ANY (SELECT age FROM people WHERE id = 1) ORDER BY id;
SELECT max(sold) - min(sold), max(at) - min(at), avg(qty)::numeric(10,2) FROM sales;
SELECT GREATEST(sold, '2023-06-01'), LEAST(price, 5) FROM sales ORDER BY id LIMIT 3;
SELECT coalesce(sum(price), 0) FROM sales WHERE false;
SELECT coalesce(avg(price), 0), coalesce(sum(price), 0.0), coalesce(max(qty), -1) FROM sales WHERE region = 'zz';
SELECT sum(price)::float8 / count(*), sum(qty) / 3, sum(qty) / 3.0 FROM sales;
SELECT 1 AS one, 'x' AS two UNION ALL SELECT 2, NULL ORDER BY one;
SELECT region, count(*) * 100 / (SELECT count(*) FROM sales) AS pct FROM sales GROUP BY region ORDER BY 1;
SELECT id, at::date = sold, extract(dow FROM at), to_char(at, 'Dy') FROM sales ORDER BY id LIMIT 5;
SELECT lower(region) || '-' || qty::text AS k, count(*) FROM sales GROUP BY k ORDER BY k;
SELECT region, array_agg(DISTINCT qty ORDER BY qty), string_agg(DISTINCT item, ',') FROM sales GROUP BY region ORDER BY region;
SELECT * FROM (SELECT id, sum(qty) OVER (PARTITION BY person) AS t FROM sales) q WHERE t > 5 ORDER BY id;
SELECT id FROM people WHERE CAST(age AS text) LIKE '3%' ORDER BY id;
SELECT count(*) AS "Total Count", avg(price) AS "Avg" FROM sales;
SELECT DISTINCT region, upper(region) AS u FROM sales ORDER BY u DESC;
SELECT DISTINCT id % 2 AS p FROM sales ORDER BY p;
