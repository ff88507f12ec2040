// What programs in Go do with database/sql, by arrow-go's driver.
package flightchecks

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/driver"
	"google.golang.org/grpc/metadata"
)

func opened(t *testing.T, config driver.DriverConfig) *sql.DB {
	config.Address, config.Params = address, map[string]string{"database": database}
	made, err := sql.Open("flightsql", config.DSN())
	succeeds(t, err)
	t.Cleanup(func() { succeeds(t, made.Close()) })
	return made
}

// openSQL gives the driver, which does not log in itself, the token of a login.
func openSQL(t *testing.T, s session) *sql.DB {
	sent, _ := metadata.FromOutgoingContext(s.ctx)
	return opened(t, driver.DriverConfig{Token: strings.TrimPrefix(sent.Get("authorization")[0], "Bearer ")})
}

func texts(t *testing.T, from *sql.DB, query string, arguments ...any) (found []string) {
	t.Helper()
	rows, err := from.Query(query, arguments...)
	succeeds(t, err)
	defer func() { succeeds(t, rows.Close()) }()
	for rows.Next() {
		var text string
		succeeds(t, rows.Scan(&text))
		found = append(found, text)
	}
	succeeds(t, rows.Err())
	return found
}

func TestSQLQuery(t *testing.T) {
	db := openSQL(t, login(t))
	row := db.QueryRow(`SELECT 1, 2::bigint, 4.25::float8, true, 'täxt', NULL::text, date '2026-01-02',
		timestamptz '2026-01-02 03:04:05.678901+00', '\x0102'::bytea, current_database()::text`)
	var (
		small       int32
		large       int64
		float       float64
		truth       bool
		text, named string
		null        sql.NullString
		day, moment time.Time
		bytes       []byte
	)
	succeeds(t, row.Scan(&small, &large, &float, &truth, &text, &null, &day, &moment, &bytes, &named))
	equal(t, []any{int32(1), int64(2), 4.25, true, "täxt", false}, []any{small, large, float, truth, text, null.Valid})
	equal(t, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), day.UTC())
	equal(t, time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), moment.UTC())
	equal(t, []byte{1, 2}, bytes)
	equal(t, database, named)
	equal(t, 1000, len(texts(t, db, wide)))
	equal(t, 0, len(texts(t, db, "SELECT 'x' WHERE false")))
}

// The driver takes integers for bigint only, and nothing for date: casts say what else they are.
func TestSQLParameters(t *testing.T) {
	s := login(t)
	db := openSQL(t, s)
	s.update("DROP TABLE IF EXISTS go_sql_parameters")
	s.update("CREATE TABLE go_sql_parameters (id int, name text, day date)")
	insert, err := db.Prepare("INSERT INTO go_sql_parameters VALUES ($1::bigint, $2, $3::text::date)")
	succeeds(t, err)
	defer func() { succeeds(t, insert.Close()) }()
	for i, name := range []string{"one", "two"} {
		done, err := insert.Exec(i+1, name, "2026-01-01")
		succeeds(t, err)
		count, err := done.RowsAffected()
		succeeds(t, err)
		equal(t, int64(1), count)
	}
	const ask = "SELECT name || ' ' || day FROM go_sql_parameters WHERE id = $1::bigint"
	equal(t, []string{"one 2026-01-01"}, texts(t, db, ask, 1))
	equal(t, []string{"two 2026-01-01"}, texts(t, db, ask, 2))
}

func TestSQLTransactions(t *testing.T) {
	s := login(t)
	db := openSQL(t, s)
	s.update("DROP TABLE IF EXISTS go_sql_transactions")
	s.update("CREATE TABLE go_sql_transactions (name text)")
	const names = "SELECT name FROM go_sql_transactions"
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Rollback, (*sql.Tx).Commit} {
		begun, err := db.Begin()
		succeeds(t, err)
		_, err = begun.Exec("INSERT INTO go_sql_transactions VALUES ('row')")
		succeeds(t, err)
		var seen string
		succeeds(t, begun.QueryRow(names).Scan(&seen))
		equal(t, "row", seen)
		equal(t, 0, len(s.query(names)))
		succeeds(t, end(begun))
	}
	equal(t, []string{"row"}, texts(t, db, names))
}

func TestSQLErrors(t *testing.T) {
	db := openSQL(t, login(t))
	_, err := db.Query("SELECT * FROM nothing")
	refused(t, "42P01", err)
	_, err = db.Exec("SELECT 'x'::int")
	refused(t, "22P02", err)
}

func TestSQLCancel(t *testing.T) {
	s, db := login(t), openSQL(t, login(t))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		rows, err := db.QueryContext(ctx, endless)
		if err == nil {
			rows.Next()
			err = errors.Join(rows.Err(), rows.Close())
		}
		ended <- err
	}()
	cancels(t, s, cancel, ended)
}

// With user and password the driver sends them with each request, so that each is a session of its own: rows are read by
// another than that which has asked, and what belongs to one session is not there for the next.
func TestSQLPassword(t *testing.T) {
	db := opened(t, driver.DriverConfig{Username: user, Password: password})
	equal(t, []string{"row"}, texts(t, db, "SELECT 'row'"))
	_, err := db.Query("SELECT $1::text", "row")
	refused(t, "26000", err)
}
