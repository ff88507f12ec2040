// ADBC's own suite of tests for drivers, run against a gateway. The tests that do not apply are in `leftOut`, with the
// reason; flags of the quirks leave out only what the driver (not the server) does not have.
package flightchecks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	driver "github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-adbc/go/adbc/validation"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/suite"
)

const driverHasNone = "this version of the driver has no bulk ingestion; TestIngest is the same by arrow-go's client"

var leftOut = map[string]string{
	"TestSQLPrepareSelectParams": "binds three rows to a query, which takes one",
	"TestSqlIngestInts":          driverHasNone,
	"TestSqlIngestAppend":        driverHasNone,
	"TestSqlIngestReplace":       driverHasNone,
	"TestSqlIngestCreateAppend":  driverHasNone,
	"TestSqlIngestErrors":        driverHasNone,
}

func options() map[string]string {
	return map[string]string{
		adbc.OptionKeyURI:                             os.Getenv("FLIGHT_URI"),
		adbc.OptionKeyUsername:                        os.Getenv("FLIGHT_USER"),
		adbc.OptionKeyPassword:                        os.Getenv("FLIGHT_PASSWORD"),
		driver.OptionRPCCallHeaderPrefix + "database": database(),
	}
}

func database() string { return os.Getenv("FLIGHT_DATABASE") }

// quirks says what of the suite holds here. Each test has an allocator of its own, which must be empty at its end.
type quirks struct{ memory *memory.CheckedAllocator }

func (q *quirks) SetupDriver(*testing.T) adbc.Driver {
	q.memory = memory.NewCheckedAllocator(memory.DefaultAllocator)
	return driver.NewDriver(q.memory)
}

func (q *quirks) TearDownDriver(t *testing.T, _ adbc.Driver) { q.memory.AssertSize(t, 0) }

func (q *quirks) Alloc() memory.Allocator                     { return q.memory }
func (q *quirks) DatabaseOptions() map[string]string          { return options() }
func (q *quirks) BindParameter(index int) string              { return "$" + strconv.Itoa(index+1) }
func (q *quirks) Catalog() string                             { return database() }
func (q *quirks) DBSchema() string                            { return "public" }
func (q *quirks) SupportsBulkIngest(string) bool              { return true }
func (q *quirks) SupportsConcurrentStatements() bool          { return true }
func (q *quirks) SupportsCurrentCatalogSchema() bool          { return true }
func (q *quirks) SupportsDynamicParameterBinding() bool       { return true }
func (q *quirks) SupportsErrorIngestIncompatibleSchema() bool { return true }
func (q *quirks) SupportsExecuteSchema() bool                 { return true }
func (q *quirks) SupportsGetParameterSchema() bool            { return true }
func (q *quirks) SupportsGetSetOptions() bool                 { return true }
func (q *quirks) SupportsPartitionedData() bool               { return true }
func (q *quirks) SupportsTransactions() bool                  { return true }

// The driver has none.
func (q *quirks) SupportsStatistics() bool { return false }

func (q *quirks) GetMetadata(code adbc.InfoCode) any {
	switch code {
	case adbc.InfoVendorName:
		return "Kadali"
	case adbc.InfoVendorVersion:
		return os.Getenv("FLIGHT_VERSION")
	case adbc.InfoVendorArrowVersion:
		return os.Getenv("FLIGHT_ARROW")
	case adbc.InfoDriverName:
		return "ADBC Flight SQL Driver - Go"
	case adbc.InfoDriverVersion, adbc.InfoDriverArrowVersion:
		return "(unknown or development build)" // what the driver says in a program of tests
	case adbc.InfoDriverADBCVersion:
		return adbc.AdbcVersion1_1_0
	}
	return nil
}

func (q *quirks) SampleTableSchemaMetadata(table string, kind arrow.DataType) arrow.Metadata {
	told := map[string]string{
		"CATALOG_NAME": database(), "DB_SCHEMA_NAME": "public", "TABLE_NAME": table,
		"IS_READ_ONLY": "0", "IS_AUTO_INCREMENT": "0", "IS_SEARCHABLE": "1",
	}
	if kind.ID() == arrow.STRING {
		told["TYPE_NAME"], told["IS_CASE_SENSITIVE"] = "text", "1"
	} else {
		told["TYPE_NAME"], told["IS_CASE_SENSITIVE"], told["PRECISION"], told["SCALE"] = "bigint", "0", "19", "0"
	}
	whole := make(map[string]string, len(told))
	for key, value := range told {
		whole["ARROW:FLIGHT:SQL:"+key] = value
	}
	return arrow.MetadataFrom(whole)
}

func (q *quirks) DropTable(connection adbc.Connection, table string) error {
	return execute(connection, "DROP TABLE IF EXISTS "+table)
}

// CreateSampleTable takes columns of integers and texts.
func (q *quirks) CreateSampleTable(table string, rows arrow.RecordBatch) (err error) {
	opened, err := driver.NewDriver(q.memory).NewDatabase(options())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	connection, err := opened.Open(context.Background())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	columns, values := make([]string, rows.NumCols()), make([]string, rows.NumRows())
	for i, field := range rows.Schema().Fields() {
		kind := map[arrow.Type]string{arrow.INT64: "bigint", arrow.STRING: "text"}[field.Type.ID()]
		columns[i] = field.Name + " " + kind
	}
	for row := range values {
		cells := make([]string, rows.NumCols())
		for i := range cells {
			cells[i] = literal(rows.Column(i), row)
		}
		values[row] = "(" + strings.Join(cells, ", ") + ")"
	}
	return errors.Join(
		execute(connection, "DROP TABLE IF EXISTS "+table),
		execute(connection, fmt.Sprintf("CREATE TABLE %s (%s)", table, strings.Join(columns, ", "))),
		execute(connection, fmt.Sprintf("INSERT INTO %s VALUES %s", table, strings.Join(values, ", "))),
	)
}

func literal(column arrow.Array, row int) string {
	if column.IsNull(row) {
		return "NULL"
	}
	if texts, ok := column.(*array.String); ok {
		return "'" + texts.Value(row) + "'"
	}
	return column.ValueStr(row)
}

func execute(connection adbc.Connection, text string) (err error) {
	statement, err := connection.NewStatement()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, statement.Close()) }()
	if err = statement.SetSqlQuery(text); err != nil {
		return err
	}
	_, err = statement.ExecuteUpdate(context.Background())
	return err
}

type databaseTests struct{ validation.DatabaseTests }
type connectionTests struct{ validation.ConnectionTests }
type statementTests struct{ validation.StatementTests }

func (s *statementTests) BeforeTest(_, name string) {
	if reason, ok := leftOut[name]; ok {
		s.T().Skip(reason)
	}
}

func TestDatabase(t *testing.T) {
	suite.Run(t, &databaseTests{validation.DatabaseTests{Quirks: &quirks{}}})
}

func TestConnection(t *testing.T) {
	suite.Run(t, &connectionTests{validation.ConnectionTests{Quirks: &quirks{}}})
}

func TestStatement(t *testing.T) {
	suite.Run(t, &statementTests{validation.StatementTests{Quirks: &quirks{}}})
}
