-- What the clients look at, on both servers. Read-only for all tests.
SET client_min_messages = warning;
CREATE SCHEMA shop;
CREATE TABLE shop.customers (
  id integer PRIMARY KEY,
  name varchar(40) NOT NULL,
  secret text,
  CONSTRAINT customers_name_key UNIQUE (name)
);
CREATE TABLE shop.orders (
  id bigint PRIMARY KEY,
  customer_id integer REFERENCES shop.customers (id),
  amount numeric(18,2) CHECK (amount >= 0),
  note varchar(40) DEFAULT 'none',
  day date,
  at timestamptz,
  ratio double precision,
  paid boolean NOT NULL DEFAULT false,
  tags text[],
  extra jsonb,
  token uuid UNIQUE
);
CREATE INDEX orders_day ON shop.orders (day);
CREATE TABLE shop.lines (
  order_id bigint,
  line smallint,
  item text NOT NULL,
  PRIMARY KEY (order_id, line),
  FOREIGN KEY (order_id) REFERENCES shop.orders (id)
);
CREATE VIEW shop.revenue AS
  SELECT c.name, sum(o.amount) AS total FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id GROUP BY c.name;
CREATE TABLE shop."Odd ""Name""" ("select" integer, "Größe" text);
CREATE TABLE shop.numbers (n integer);
COMMENT ON SCHEMA shop IS 'The shop';
COMMENT ON TABLE shop.orders IS 'All orders';
COMMENT ON COLUMN shop.orders.id IS 'the key';
COMMENT ON VIEW shop.revenue IS 'By customer';
COMMENT ON COLUMN shop.revenue.total IS 'in euro';
GRANT USAGE ON SCHEMA shop TO bob;
GRANT SELECT ON shop.orders, shop.revenue TO bob;
GRANT SELECT (id, name) ON shop.customers TO bob;
INSERT INTO shop.customers VALUES (1, 'ann', 'x'), (2, 'bob', 'y'), (3, 'zoë', NULL);
INSERT INTO shop.orders VALUES
  (1, 1, 10.50, 'first', '2024-01-31', '2024-03-31 02:30:00+01', 0.1, true, '{a,b}', '{"k": [1, 2.50]}', '00000000-0000-0000-0000-000000000001'),
  (2, 2, 0.00, '', '1999-12-31', '1999-12-31 23:59:59.999999+00', 'NaN', false, '{}', '[]', '00000000-0000-0000-0000-000000000002'),
  (3, 1, 1234567890123456.78, E'tab\tand\nline', '0001-01-01', '2038-01-19 03:14:08+00', '-Infinity', true, '{NULL,"q\"x",""}', '{"é": null}', NULL),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL);
INSERT INTO shop.lines VALUES (1, 1, 'pen'), (1, 2, 'ink'), (2, 1, 'bag');
INSERT INTO shop."Odd ""Name""" VALUES (1, 'one'), (2, NULL);
INSERT INTO shop.numbers SELECT * FROM generate_series(1, 5000);
