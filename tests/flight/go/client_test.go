// What programs in Go do: database/sql over ADBC's driver, the driver itself, and arrow-go's bare client of Flight SQL.
package flightchecks

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-adbc/go/adbc"
	driver "github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-adbc/go/adbc/sqldriver"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const endless = "SELECT count(*) FROM generate_series(1, 1000000) a(x), generate_series(1, 1000000) b(x) WHERE a.x + b.x = 7"

func openSQL(t *testing.T) *sql.DB {
	var words []string
	for name, value := range options() {
		words = append(words, name+"="+value)
	}
	connector, err := sqldriver.Driver{Driver: driver.NewDriver(memory.DefaultAllocator)}.OpenConnector(strings.Join(words, ";"))
	require.NoError(t, err)
	opened := sql.OpenDB(connector)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened
}

func openAdbc(t *testing.T) adbc.Connection {
	opened, err := driver.NewDriver(memory.DefaultAllocator).NewDatabase(options())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	connection, err := opened.Open(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, connection.Close()) })
	return connection
}

func texts(t *testing.T, opened *sql.DB, query string) (found []string) {
	rows, err := opened.Query(query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		found = append(found, text)
	}
	require.NoError(t, rows.Err())
	return found
}

// The code PostgreSQL gives, from the details.
func sqlstate(t *testing.T, err error) string {
	var told adbc.Error
	require.ErrorAs(t, err, &told)
	for _, detail := range told.Details {
		if detail.Key() != "grpc-status-details-bin" {
			continue
		}
		data, err := detail.Serialize()
		require.NoError(t, err)
		var box anypb.Any
		require.NoError(t, proto.Unmarshal(data, &box))
		var info errdetails.ErrorInfo
		require.NoError(t, box.UnmarshalTo(&info))
		return info.Reason
	}
	t.Fatalf("no details: %v", err)
	return ""
}

func TestQuery(t *testing.T) {
	row := openSQL(t).QueryRow(`SELECT 1, 2::bigint, 4.25::float8, true, 'täxt', NULL::text, date '2026-01-02',
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
	require.NoError(t, row.Scan(&small, &large, &float, &truth, &text, &null, &day, &moment, &bytes, &named))
	require.Equal(t, []any{int32(1), int64(2), 4.25, true, "täxt", false}, []any{small, large, float, truth, text, null.Valid})
	require.Equal(t, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), day.UTC())
	require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), moment.UTC())
	require.Equal(t, []byte{1, 2}, bytes)
	require.Equal(t, database(), named)
}

func TestParameters(t *testing.T) {
	opened := openSQL(t)
	_, err := opened.Exec("DROP TABLE IF EXISTS go_parameters")
	require.NoError(t, err)
	_, err = opened.Exec("CREATE TABLE go_parameters (id int, name text, day date)")
	require.NoError(t, err)
	insert, err := opened.Prepare("INSERT INTO go_parameters VALUES ($1, $2, $3)")
	require.NoError(t, err)
	defer func() { require.NoError(t, insert.Close()) }()
	for i, name := range []string{"one", "two"} {
		done, err := insert.Exec(int32(i+1), name, arrow.Date32FromTime(time.Date(2026, 1, i+1, 0, 0, 0, 0, time.UTC)))
		require.NoError(t, err)
		count, err := done.RowsAffected()
		require.NoError(t, err)
		require.EqualValues(t, 1, count)
	}
	ask, err := opened.Prepare("SELECT name || ' ' || day FROM go_parameters WHERE id = $1")
	require.NoError(t, err)
	defer func() { require.NoError(t, ask.Close()) }()
	for id, expected := range map[int32]string{1: "one 2026-01-01", 2: "two 2026-01-02"} {
		var found string
		require.NoError(t, ask.QueryRow(id).Scan(&found))
		require.Equal(t, expected, found)
	}
}

// By the driver itself: database/sql's Begin asks for an isolation level, which the driver refuses.
func TestTransactions(t *testing.T) {
	opened, connection := openSQL(t), openAdbc(t)
	require.NoError(t, execute(connection, "DROP TABLE IF EXISTS go_transactions"))
	require.NoError(t, execute(connection, "CREATE TABLE go_transactions (name text)"))
	require.NoError(t, connection.(adbc.PostInitOptions).SetOption(adbc.OptionKeyAutoCommit, adbc.OptionValueDisabled))
	for _, end := range []func(context.Context) error{connection.Rollback, connection.Commit} {
		require.NoError(t, execute(connection, "INSERT INTO go_transactions VALUES ('row')"))
		require.Empty(t, texts(t, opened, "SELECT name FROM go_transactions"), "seen by others before its end")
		require.NoError(t, end(context.Background()))
	}
	require.Equal(t, []string{"row"}, texts(t, opened, "SELECT name FROM go_transactions"))
}

func TestErrors(t *testing.T) {
	connection := openAdbc(t)
	for text, expected := range map[string]string{
		"SELEC 1":               "42601",
		"SELECT * FROM nothing": "42P01",
		"SELECT 'x'::int":       "22P02",
		"INSERT INTO pg_catalog.pg_class DEFAULT VALUES": "42501",
	} {
		err := execute(connection, text)
		require.Equal(t, expected, sqlstate(t, err), text)
	}
	wrong := options()
	wrong[adbc.OptionKeyPassword] = "wrong"
	opened, err := driver.NewDriver(memory.DefaultAllocator).NewDatabase(wrong)
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	_, err = opened.Open(context.Background())
	var told adbc.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, adbc.StatusUnauthenticated, told.Code)
}

func TestCancel(t *testing.T) {
	opened := openSQL(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		rows, err := opened.QueryContext(ctx, endless)
		if err == nil {
			rows.Next()
			err = errors.Join(rows.Err(), rows.Close())
		}
		ended <- err
	}()
	const states = "SELECT state FROM kadali.queries WHERE query = '" + endless + "' ORDER BY queued_at DESC LIMIT 1"
	until(t, "running", func() []string { return texts(t, opened, states) })
	cancel()
	select {
	case err := <-ended:
		require.Error(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("the query goes on")
	}
	until(t, "canceled", func() []string { return texts(t, opened, states) })
}

func until(t *testing.T, expected string, look func() []string) {
	var found []string
	require.Eventually(t, func() bool {
		found = look()
		return len(found) == 1 && found[0] == expected
	}, 20*time.Second, 20*time.Millisecond, "not %s", expected)
}

func TestIngest(t *testing.T) {
	options := options()
	address := strings.TrimPrefix(options[adbc.OptionKeyURI], "grpc://")
	client, err := flightsql.NewClient(address, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	ctx := metadata.AppendToOutgoingContext(context.Background(), "database", database())
	ctx, err = client.Client.AuthenticateBasicToken(ctx, options[adbc.OptionKeyUsername], options[adbc.OptionKeyPassword])
	require.NoError(t, err)

	ingest := func(rows arrow.RecordBatch, missing flightsql.TableDefinitionOptionsTableNotExistOption,
		existing flightsql.TableDefinitionOptionsTableExistsOption) (int64, error) {
		reader, err := array.NewRecordReader(rows.Schema(), []arrow.RecordBatch{rows, rows})
		require.NoError(t, err)
		defer reader.Release()
		return client.ExecuteIngest(ctx, reader, &flightsql.ExecuteIngestOpts{
			TableDefinitionOptions: &flightsql.TableDefinitionOptions{IfNotExist: missing, IfExists: existing},
			Table:                  "go_ingest",
		})
	}
	_, err = client.ExecuteUpdate(ctx, "DROP TABLE IF EXISTS go_ingest")
	require.NoError(t, err)
	opened := openSQL(t)
	const create, fail = flightsql.TableDefinitionOptionsTableNotExistOptionCreate, flightsql.TableDefinitionOptionsTableNotExistOptionFail
	const append_, replace = flightsql.TableDefinitionOptionsTableExistsOptionAppend, flightsql.TableDefinitionOptionsTableExistsOptionReplace
	const refuse = flightsql.TableDefinitionOptionsTableExistsOptionFail

	_, err = ingest(numbers(1, 2), fail, append_)
	require.ErrorContains(t, err, "[SQLSTATE 42P01]")
	for _, one := range []struct {
		rows     arrow.RecordBatch
		existing flightsql.TableDefinitionOptionsTableExistsOption
		sum      string
	}{{numbers(1, 2), refuse, "6"}, {numbers(3), append_, "12"}, {numbers(4, 5), replace, "18"}} {
		count, err := ingest(one.rows, create, one.existing)
		require.NoError(t, err)
		require.Equal(t, 2*one.rows.NumRows(), count)
		require.Equal(t, []string{one.sum}, texts(t, opened, "SELECT sum(id)::text FROM go_ingest"))
	}
	_, err = ingest(numbers(1), create, refuse)
	require.ErrorContains(t, err, "[SQLSTATE 42P07]")
}

func numbers(values ...int64) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	builder.Field(0).(*array.Int64Builder).AppendValues(values, nil)
	return builder.NewRecordBatch()
}
