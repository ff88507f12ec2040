// What programs in Go do with arrow-go's client of Flight SQL.
package flightchecks

import (
	"context"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const endless = "SELECT count(*) FROM generate_series(1, 1000000) a(x), generate_series(1, 1000000) b(x) WHERE a.x + b.x = 7"
const wide = "SELECT repeat('x', 20000) FROM generate_series(1, 1000)"

var address, user, password, database = os.Getenv("FLIGHT_ADDRESS"), os.Getenv("FLIGHT_USER"), os.Getenv("FLIGHT_PASSWORD"),
	os.Getenv("FLIGHT_DATABASE")

// session is a client with the token of its login.
type session struct {
	*flightsql.Client
	t   *testing.T
	ctx context.Context
}

func connected(t *testing.T) *flightsql.Client {
	client, err := flightsql.NewClient(address, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	succeeds(t, err)
	t.Cleanup(func() { succeeds(t, client.Close()) })
	return client
}

func login(t *testing.T) session {
	client := connected(t)
	ctx := metadata.AppendToOutgoingContext(context.Background(), "database", database)
	ctx, err := client.Client.AuthenticateBasicToken(ctx, user, password)
	succeeds(t, err)
	return session{client, t, ctx}
}

func (s session) update(text string) {
	s.t.Helper()
	_, err := s.ExecuteUpdate(s.ctx, text)
	succeeds(s.t, err)
}

// rows are those of an answer, as Arrow writes values.
func (s session) rows(info *flight.FlightInfo, err error) (found [][]string) {
	s.t.Helper()
	succeeds(s.t, err)
	reader, err := s.DoGet(s.ctx, info.Endpoint[0].Ticket)
	succeeds(s.t, err)
	defer reader.Release()
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			cells := make([]string, batch.NumCols())
			for i := range cells {
				cells[i] = batch.Column(i).ValueStr(row)
			}
			found = append(found, cells)
		}
	}
	succeeds(s.t, reader.Err())
	return found
}

func (s session) query(text string) [][]string {
	s.t.Helper()
	return s.rows(s.Execute(s.ctx, text))
}

func succeeds(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, expected, found any) {
	t.Helper()
	if !reflect.DeepEqual(expected, found) {
		t.Fatalf("expected %#v\nfound    %#v", expected, found)
	}
}

// refused: err has the code that PostgreSQL gives in its details.
func refused(t *testing.T, expected string, err error) {
	t.Helper()
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			equal(t, expected, info.Reason)
			return
		}
	}
	t.Fatalf("no SQLSTATE in %v", err)
}

func until(t *testing.T, expected string, look func() [][]string) {
	t.Helper()
	var found [][]string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found = look(); reflect.DeepEqual([][]string{{expected}}, found) {
			return
		}
	}
	t.Fatalf("not %s but %v", expected, found)
}

func batch(t *testing.T, json string, fields ...arrow.Field) arrow.RecordBatch {
	t.Helper()
	made, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(json))
	succeeds(t, err)
	return made
}

func field(name string, kind arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: kind, Nullable: true}
}

func TestQuery(t *testing.T) {
	s := login(t)
	found := s.query(`SELECT 1, 2::bigint, 4.25::float8, 4.25::numeric(10,2), true, 'täxt', NULL::text, date '2026-01-02',
		timestamptz '2026-01-02 03:04:05.678901+00', '\x0102'::bytea, current_database()::text`)
	equal(t, [][]string{{"1", "2", "4.25", "4.25", "true", "täxt", array.NullValueStr, "2026-01-02",
		"2026-01-02T03:04:05.678901Z", "AQI=", database}}, found)
	equal(t, 1000, len(s.query(wide)))
	schema, err := s.GetExecuteSchema(s.ctx, "SELECT 1 AS one, 'x' AS two")
	succeeds(t, err)
	told, err := flight.DeserializeSchema(schema.Schema, memory.DefaultAllocator)
	succeeds(t, err)
	equal(t, []string{"one", "two"}, []string{told.Field(0).Name, told.Field(1).Name})
}

func TestParameters(t *testing.T) {
	s := login(t)
	s.update("DROP TABLE IF EXISTS go_parameters")
	s.update("CREATE TABLE go_parameters (id int, name text, day date)")
	insert, err := s.Prepare(s.ctx, "INSERT INTO go_parameters VALUES ($1, $2, $3)")
	succeeds(t, err)
	kinds := make([]arrow.DataType, 0, 3)
	for _, one := range insert.ParameterSchema().Fields() {
		kinds = append(kinds, one.Type)
	}
	text := arrow.BinaryTypes.String
	equal(t, []arrow.DataType{arrow.PrimitiveTypes.Int32, text, arrow.FixedWidthTypes.Date32}, kinds)
	insert.SetParameters(batch(t, `[{"1": 1, "2": "one", "3": "2026-01-01"}, {"1": 2, "2": "two", "3": null}]`,
		field("1", kinds[0]), field("2", kinds[1]), field("3", kinds[2])))
	count, err := insert.ExecuteUpdate(s.ctx)
	succeeds(t, err)
	equal(t, int64(2), count)
	succeeds(t, insert.Close(s.ctx))

	ask, err := s.Prepare(s.ctx, "SELECT name, day FROM go_parameters WHERE id = $1")
	succeeds(t, err)
	equal(t, text, ask.DatasetSchema().Field(0).Type)
	for id, expected := range map[string][]string{"1": {"one", "2026-01-01"}, "2": {"two", array.NullValueStr}} {
		ask.SetParameters(batch(t, `[{"1": `+id+`}]`, field("1", kinds[0])))
		equal(t, [][]string{expected}, s.rows(ask.Execute(s.ctx)))
	}
	ask.SetParameters(batch(t, `[{"1": "one"}]`, field("1", text)))
	_, err = ask.Execute(s.ctx)
	refused(t, "22P02", err)
	succeeds(t, ask.Close(s.ctx))
}

func TestTransactions(t *testing.T) {
	s, other := login(t), login(t)
	s.update("DROP TABLE IF EXISTS go_transactions")
	s.update("CREATE TABLE go_transactions (name text)")
	const names = "SELECT name FROM go_transactions ORDER BY name"
	for _, end := range []func(*flightsql.Txn) error{
		func(begun *flightsql.Txn) error { return begun.Rollback(s.ctx) },
		func(begun *flightsql.Txn) error { return begun.Commit(s.ctx) },
	} {
		begun, err := s.BeginTransaction(s.ctx)
		succeeds(t, err)
		_, err = begun.ExecuteUpdate(s.ctx, "INSERT INTO go_transactions VALUES ('row')")
		succeeds(t, err)
		point, err := begun.BeginSavepoint(s.ctx, "before")
		succeeds(t, err)
		_, err = begun.ExecuteUpdate(s.ctx, "INSERT INTO go_transactions VALUES ('undone')")
		succeeds(t, err)
		succeeds(t, begun.RollbackSavepoint(s.ctx, point))
		equal(t, [][]string{{"row"}}, s.rows(begun.Execute(s.ctx, names)))
		equal(t, 0, len(other.query(names)))
		succeeds(t, end(begun))
	}
	equal(t, [][]string{{"row"}}, other.query(names))
}

func TestErrors(t *testing.T) {
	s := login(t)
	for text, expected := range map[string]string{
		"SELEC 1":               "42601",
		"SELECT * FROM nothing": "42P01",
		"SELECT 'x'::int":       "22P02",
		"INSERT INTO pg_catalog.pg_class DEFAULT VALUES": "42501",
	} {
		_, err := s.ExecuteUpdate(s.ctx, text)
		refused(t, expected, err)
	}
	_, err := connected(t).Client.AuthenticateBasicToken(context.Background(), user, "wrong")
	equal(t, codes.Unauthenticated, status.Code(err))
	refused(t, "28P01", err)
}

func TestCancel(t *testing.T) {
	s, other := login(t), login(t) // statements of one session take turns
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan error, 1)
	go func() { ended <- first(ctx, s.Client) }()
	cancels(t, other, cancel, ended)
}

// first asks for the first row of what has no end, until it comes or an error does.
func first(ctx context.Context, client *flightsql.Client) error {
	info, err := client.Execute(ctx, endless)
	if err != nil {
		return err
	}
	reader, err := client.DoGet(ctx, info.Endpoint[0].Ticket)
	if err != nil {
		return err
	}
	defer reader.Release()
	reader.Next()
	return reader.Err()
}

// cancels: the query that runs ends for its client, and for the server.
func cancels(t *testing.T, s session, cancel func(), ended chan error) {
	t.Helper()
	state := func() [][]string {
		return s.query("SELECT state FROM kadali.queries WHERE query = '" + endless + "' ORDER BY queued_at DESC LIMIT 1")
	}
	until(t, "running", state)
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Fatal("the query has ended by itself")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the query goes on")
	}
	until(t, "canceled", state)
}

func TestIngest(t *testing.T) {
	s := login(t)
	ingest := func(rows arrow.RecordBatch, missing flightsql.TableDefinitionOptionsTableNotExistOption,
		existing flightsql.TableDefinitionOptionsTableExistsOption) (int64, error) {
		reader, err := array.NewRecordReader(rows.Schema(), []arrow.RecordBatch{rows, rows})
		succeeds(t, err)
		defer reader.Release()
		return s.ExecuteIngest(s.ctx, reader, &flightsql.ExecuteIngestOpts{
			TableDefinitionOptions: &flightsql.TableDefinitionOptions{IfNotExist: missing, IfExists: existing},
			Table:                  "go_ingest",
		})
	}
	s.update("DROP TABLE IF EXISTS go_ingest")
	const create, fail = flightsql.TableDefinitionOptionsTableNotExistOptionCreate, flightsql.TableDefinitionOptionsTableNotExistOptionFail
	const append_, replace = flightsql.TableDefinitionOptionsTableExistsOptionAppend, flightsql.TableDefinitionOptionsTableExistsOptionReplace
	const refuse = flightsql.TableDefinitionOptionsTableExistsOptionFail
	id := field("id", arrow.PrimitiveTypes.Int64)

	_, err := ingest(batch(t, `[{"id": 1}]`, id), fail, append_)
	refused(t, "42P01", err)
	for _, one := range []struct {
		rows     string
		existing flightsql.TableDefinitionOptionsTableExistsOption
		sum      string
	}{{`[{"id": 1}, {"id": 2}]`, refuse, "6"}, {`[{"id": 3}]`, append_, "12"}, {`[{"id": 4}, {"id": 5}]`, replace, "18"}} {
		rows := batch(t, one.rows, id)
		count, err := ingest(rows, create, one.existing)
		succeeds(t, err)
		equal(t, 2*rows.NumRows(), count)
		equal(t, [][]string{{one.sum}}, s.query("SELECT sum(id)::text FROM go_ingest"))
	}
	_, err = ingest(batch(t, `[{"id": 1}]`, id), create, refuse)
	refused(t, "42P07", err)
}

func TestMetadata(t *testing.T) {
	s := login(t)
	s.update("DROP TABLE IF EXISTS go_metadata")
	s.update("CREATE TABLE go_metadata (id bigint NOT NULL, name text, PRIMARY KEY (id))")
	equal(t, [][]string{{database}}, s.rows(s.GetCatalogs(s.ctx)))
	schema, table := "public", "go_meta%"
	equal(t, [][]string{{database, schema}}, s.rows(s.GetDBSchemas(s.ctx, &flightsql.GetDBSchemasOpts{DbSchemaFilterPattern: &schema})))
	equal(t, [][]string{{"SYSTEM TABLE"}, {"SYSTEM VIEW"}, {"TABLE"}, {"VIEW"}}, s.rows(s.GetTableTypes(s.ctx)))

	asked := flightsql.GetTablesOpts{TableNameFilterPattern: &table}
	equal(t, [][]string{{database, schema, "go_metadata", "TABLE"}}, s.rows(s.GetTables(s.ctx, &asked)))
	asked.IncludeSchema = true
	info, err := s.GetTables(s.ctx, &asked)
	succeeds(t, err)
	reader, err := s.DoGet(s.ctx, info.Endpoint[0].Ticket)
	succeeds(t, err)
	defer reader.Release()
	if !reader.Next() {
		t.Fatal("no tables")
	}
	bytes := reader.RecordBatch().Column(4).(*array.Binary).Value(0)
	told, err := flight.DeserializeSchema(bytes, memory.DefaultAllocator)
	succeeds(t, err)
	equal(t, []string{"id: bigint, null: false", "name: text, null: true"}, []string{described(told.Field(0)), described(told.Field(1))})

	keys := s.rows(s.GetPrimaryKeys(s.ctx, flightsql.TableRef{DBSchema: &schema, Table: "go_metadata"}))
	equal(t, []string{database, schema, "go_metadata", "id"}, keys[0][:4])
	known := s.rows(s.GetSqlInfo(s.ctx, []flightsql.SqlInfo{flightsql.SqlInfoFlightSqlServerName}))
	if len(known) != 1 || !strings.Contains(known[0][1], "Kadali") {
		t.Fatalf("not the server's name: %v", known)
	}
	options, err := s.GetSessionOptions(s.ctx, &flight.GetSessionOptionsRequest{})
	succeeds(t, err)
	equal(t, []string{database, "public"},
		[]string{options.SessionOptions["catalog"].GetStringValue(), options.SessionOptions["schema"].GetStringValue()})
}

func described(one arrow.Field) string {
	kind, _ := one.Metadata.GetValue("ARROW:FLIGHT:SQL:TYPE_NAME")
	if one.Nullable {
		return one.Name + ": " + kind + ", null: true"
	}
	return one.Name + ": " + kind + ", null: false"
}
