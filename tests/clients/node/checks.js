// What an application does through node-postgres, printed as JSON: {section: lines}. Arguments: connection string, schema.
'use strict';
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');
const { from: copyFrom, to: copyTo } = require('pg-copy-streams');
const { pipeline } = require('stream/promises');
const { Readable } = require('stream');

const [connectionString, schema] = process.argv.slice(2);
const LONG = 'SELECT count(*) FROM shop.numbers a, shop.numbers b, shop.numbers c WHERE a.n * b.n % 7 = c.n % 11';
const told = {};

async function attempt(promise) {
  try {
    return await promise;
  } catch (error) {
    return { code: error.code, message: error.message, position: error.position, severity: error.severity, hint: error.hint };
  }
}

function shown(result) {
  if (Array.isArray(result)) return result.map(shown);
  if (result.code) return result;
  return {
    command: result.command,
    rowCount: result.rowCount,
    rows: result.rows,
    fields: (result.fields || []).map((field) => [field.name, field.dataTypeID, field.dataTypeSize, field.dataTypeModifier, field.format]),
  };
}

const sections = {
  async simple(client) {
    const out = [];
    for (const sql of [
      'SELECT * FROM shop.orders ORDER BY id',
      'SELECT * FROM shop.revenue ORDER BY name',
      "SELECT 1 AS a, 'x' AS b, NULL AS c, 1.50 AS d, ARRAY[1,2] AS e, now() IS NULL AS f",
      'SELECT 1; SELECT count(*) FROM shop.numbers; SELECT 3 AS three',
      '', ';', '-- ping', 'SHOW TimeZone', "SET application_name = 'node'",
    ]) out.push(shown(await attempt(client.query(sql))));
    out.push(shown(await attempt(client.query({ text: 'SELECT id, note FROM shop.orders ORDER BY id', rowMode: 'array' }))));
    return out;
  },

  async parameters(client) {
    const out = [];
    await client.query(`CREATE TABLE ${schema}.p (id int, label text, amount numeric(10,2), at timestamptz, tags text[], extra jsonb, data bytea, flag bool, f float8, big bigint)`);
    const insert = `INSERT INTO ${schema}.p VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING *`;
    for (const values of [
      [1, 'té', '1.50', new Date(Date.UTC(2024, 1, 29, 1, 2, 3, 4)), ['a', null, 'q"\\'], { n: [1, 2.5] }, Buffer.from([0, 255]), true, 0.1, '9223372036854775807'],
      [2, null, null, null, null, null, null, null, null, null],
      [3, '', -0.01, '1999-12-31 23:59:59.999999Z', [], '[]', Buffer.alloc(0), false, NaN, -1],
    ]) out.push(shown(await attempt(client.query(insert, values))));
    out.push(shown(await client.query(`SELECT * FROM ${schema}.p WHERE id = ANY($1) AND flag = $2 ORDER BY id`, [[1, 2, 3], true])));
    for (let n = 0; n < 8; n++) {
      out.push(shown(await client.query({ name: 'by number', text: 'SELECT n, n + $1::int AS m FROM shop.numbers WHERE n = $1', values: [n] })));
    }
    out.push(shown(await client.query({ text: 'SELECT id, label, f, flag, big FROM ' + schema + '.p ORDER BY id', binary: true })));
    out.push(shown(await client.query(`UPDATE ${schema}.p SET label = $1 WHERE id > $2`, ['u', 1])));
    out.push(shown(await client.query(`DELETE FROM ${schema}.p WHERE label = $1`, ['u'])));
    return out;
  },

  async errors(client) {
    const out = [];
    for (const query of [
      'SELECT nothing FROM shop.orders', 'SELEC 1', 'SELECT * FROM shop.nothing WHERE', ['SELECT $1::int', ['x']],
      ['SELECT 1; SELECT $1', [2]], ['SELECT $1 + 1 FROM shop.orders', [[]]], `INSERT INTO shop.orders (id, amount) VALUES (9, -1)`,
      ['SELECT 10 / $1', [0]], ['SELECT $2', [1, 2]],
    ]) out.push(shown(await attempt(Array.isArray(query) ? client.query(query[0], query[1]) : client.query(query))));
    const prepared = { name: 'two', text: 'SELECT 1 AS a' };
    out.push(shown(await attempt(client.query(prepared))));
    out.push(shown(await attempt(client.query('SELECT count(*) FROM shop.numbers'))));
    return out;
  },

  async cursors(client) {
    const out = [];
    await client.query('BEGIN');
    const cursor = client.query(new Cursor('SELECT n FROM shop.numbers WHERE n > $1 ORDER BY n', [10], { rowMode: 'array' }));
    out.push((await cursor.read(3)).flat(), (await cursor.read(1500)).length, (await cursor.read(10000)).length, (await cursor.read(10)).length);
    await cursor.close();
    const half = client.query(new Cursor('SELECT n FROM shop.numbers ORDER BY n'));
    out.push(await half.read(2));
    await half.close();
    out.push(shown(await client.query('SELECT 1 AS after')));
    await client.query('COMMIT');
    return out;
  },

  async copies(client) {
    const out = [];
    await client.query(`CREATE TABLE ${schema}.c (n int, label text)`);
    const source = client.query(copyFrom(`COPY ${schema}.c FROM STDIN (FORMAT csv)`));
    await pipeline(Readable.from(['1,one\n2,"t', 'wo, or ""so"""\n', '3,\n']), source);
    out.push(source.rowCount);
    const chunks = [];
    const target = client.query(copyTo(`COPY (SELECT * FROM ${schema}.c ORDER BY n) TO STDOUT`));
    for await (const chunk of target) chunks.push(chunk);
    out.push(Buffer.concat(chunks).toString());
    const bad = client.query(copyFrom(`COPY ${schema}.c FROM STDIN`));
    out.push(await attempt(pipeline(Readable.from(['1\tx\nno\ty\n']), bad)));
    out.push(shown(await client.query(`SELECT count(*) FROM ${schema}.c`)));
    return out;
  },

  async transactions(client) {
    const out = [];
    const notices = [];
    client.on('notice', (notice) => notices.push([notice.severity, notice.code, notice.message]));
    await client.query(`CREATE TABLE ${schema}.t (a int)`);
    for (const sql of ['BEGIN', `INSERT INTO ${schema}.t VALUES (1)`, 'SELECT nothing', 'SELECT 1', 'ROLLBACK', `SELECT * FROM ${schema}.t`,
      'BEGIN', 'SAVEPOINT s', `INSERT INTO ${schema}.t VALUES (2)`, 'ROLLBACK TO s', `INSERT INTO ${schema}.t VALUES (3)`, 'COMMIT', 'COMMIT',
      'DROP TABLE IF EXISTS shop.never', `SELECT * FROM ${schema}.t`]) out.push(shown(await attempt(client.query(sql))));
    return [...out, notices];
  },

  async pools() {
    const pool = new Pool({ connectionString, max: 3 });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => pool.query('SELECT sum(n) + $1::int AS s FROM shop.numbers', [n])));
    await pool.end();
    return answers.map((answer) => answer.rows[0].s);
  },

  async timeouts() {
    const limited = new Client({ connectionString, statement_timeout: 400, application_name: 'limited' });
    await limited.connect();
    const out = [shown(await attempt(limited.query(LONG))), shown(await limited.query('SHOW application_name'))];
    const pid = (await limited.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
    out.push(pid === limited.processID);
    await limited.end();
    return out;
  },

  async cancels(client) {
    const other = new Client({ connectionString });
    await other.connect();
    const running = attempt(client.query(LONG));
    let ended = false;
    running.then(() => { ended = true; });
    const deadline = Date.now() + 60000;
    while (!ended && Date.now() < deadline) {
      await other.query('SELECT pg_cancel_backend($1)', [client.processID]);
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    await other.end();
    return [shown(await running), shown(await client.query('SELECT max(n) FROM shop.numbers'))];
  },
};

(async () => {
  for (const [name, run] of Object.entries(sections)) {
    const client = new Client({ connectionString });
    await client.connect();
    try {
      told[name] = await run(client);
    } catch (error) {
      told[name] = { failed: String(error.stack) };
    }
    await client.end();
  }
  process.stdout.write(JSON.stringify(told, (_, value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value)));
})();
