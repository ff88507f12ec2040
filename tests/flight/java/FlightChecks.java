import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/** What an application does through the JDBC driver of Flight SQL, printed in sections: `== name` and lines. Arguments: URL, user, password. */
public final class FlightChecks {
    interface Section {
        void run(Connection connection) throws Exception;
    }

    static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    static String url, user, password;

    public static void main(String[] arguments) throws Exception {
        url = arguments[0];
        user = arguments[1];
        password = arguments[2];
        section("connection", FlightChecks::connection);
        section("types", FlightChecks::types);
        section("parameters", FlightChecks::parameters);
        section("batches", FlightChecks::batches);
        section("metadata", FlightChecks::metadata);
        section("transactions", FlightChecks::transactions);
        section("errors", FlightChecks::errors);
        section("many rows", FlightChecks::manyRows);
        OUT.flush();
    }

    static Connection connect(String... options) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("useEncryption", "false");
        properties.setProperty("database", "acme");
        for (int i = 0; i < options.length; i += 2) {
            properties.setProperty(options[i], options[i + 1]);
        }
        return DriverManager.getConnection(url, properties);
    }

    static void section(String name, Section section) {
        OUT.println("== " + name);
        try (Connection connection = connect()) {
            section.run(connection);
        } catch (Throwable error) {
            OUT.println("FAILED " + error);
            error.printStackTrace();
        }
    }

    static void connection(Connection c) throws Exception {
        DatabaseMetaData m = c.getMetaData();
        OUT.println(m.getDatabaseProductName() + " " + m.getIdentifierQuoteString() + " " + m.getSearchStringEscape());
        OUT.println(m.isReadOnly() + " " + m.supportsTransactions() + " " + m.supportsSavepoints() + " " + m.getMaxTableNameLength());
        OUT.println(m.getDefaultTransactionIsolation() == Connection.TRANSACTION_READ_COMMITTED);
        OUT.println(m.getNumericFunctions().contains("acos") + " " + m.getSQLKeywords().contains("SELECT"));
        print(c, "SELECT current_database(), current_user");
        refused("wrong password", () -> connect("password", "wrong").close());
        refused("no such database", () -> connect("database", "nothing").close());
    }

    static void types(Connection c) throws Exception {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT * FROM flight_jdbc.kinds ORDER BY 1")) {
            ResultSetMetaData m = r.getMetaData();
            for (int i = 1; i <= m.getColumnCount(); i++) {
                OUT.println(m.getColumnLabel(i) + " " + m.getColumnType(i) + " " + m.getColumnTypeName(i) + " " + m.getPrecision(i) + " " + m.getScale(i));
            }
            while (r.next()) {
                OUT.println(r.getInt(1) + " " + r.getLong(2) + " " + r.getBigDecimal(3) + " " + r.getDouble(4) + " " + r.getBoolean(5) + " " + r.wasNull());
                OUT.println(r.getString(6) + " " + r.getDate(7) + " " + r.getTimestamp(8) + " " + r.getTimestamp(9));
                byte[] bytes = r.getBytes(10);
                OUT.println(Arrays.toString(bytes) + " " + shown(r.getObject(11)) + " " + r.getString(12) + " " + shown(r.getObject(13)));
            }
        }
    }

    static void parameters(Connection c) throws Exception {
        refused("question marks", () -> c.prepareStatement("INSERT INTO flight_jdbc.bound VALUES (?, ?, ?, ?)").close());
        try (PreparedStatement p = c.prepareStatement("INSERT INTO flight_jdbc.bound VALUES ($1, $2, $3, $4)")) {
            OUT.println(p.getParameterMetaData().getParameterCount());
            p.setInt(1, 1);
            p.setString(2, "one");
            p.setString(3, "12.50"); // the driver binds no BigDecimal to numeric without precision
            p.setDate(4, Date.valueOf("2026-01-02"));
            OUT.println(p.executeUpdate());
            p.setInt(1, 2);
            p.setNull(2, java.sql.Types.VARCHAR);
            p.setNull(3, java.sql.Types.VARCHAR);
            p.setNull(4, java.sql.Types.DATE);
            OUT.println(p.executeUpdate());
        }
        try (PreparedStatement p = c.prepareStatement("SELECT id, name, price, day FROM flight_jdbc.bound WHERE id >= $1 ORDER BY id")) {
            for (int from = 1; from <= 3; from++) {
                p.setInt(1, from);
                print(p.executeQuery());
            }
        }
    }

    static void batches(Connection c) throws Exception {
        try (PreparedStatement p = c.prepareStatement("INSERT INTO flight_jdbc.batch VALUES ($1, $2)")) {
            for (int i = 0; i < 3; i++) {
                p.setInt(1, i);
                p.setString(2, "row " + i);
                p.addBatch();
            }
            OUT.println(Arrays.stream(p.executeBatch()).sum());
        }
        print(c, "SELECT count(*), max(name) FROM flight_jdbc.batch");
        try (Statement s = c.createStatement()) {
            OUT.println(s.executeUpdate("UPDATE flight_jdbc.batch SET name = 'same' WHERE id > 0"));
            OUT.println(s.execute("DELETE FROM flight_jdbc.batch WHERE id = 0") + " " + s.getUpdateCount());
        }
    }

    static void metadata(Connection c) throws Exception {
        DatabaseMetaData m = c.getMetaData();
        print(m.getCatalogs(), "TABLE_CAT");
        print(m.getSchemas(null, "flight\\_jdbc"), "TABLE_SCHEM", "TABLE_CATALOG");
        print(m.getTableTypes(), "TABLE_TYPE");
        print(m.getTables(null, "flight_jdbc", "%", new String[] {"VIEW"}), "TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE");
        print(m.getTables("acme", "flight_jdbc", "b%", null), "TABLE_NAME");
        print(
            m.getColumns(null, "flight_jdbc", "bound", "%"),
            "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS", "NULLABLE", "ORDINAL_POSITION", "IS_NULLABLE", "IS_AUTOINCREMENT");
        print(m.getPrimaryKeys(null, "flight_jdbc", "bound"), "TABLE_NAME", "COLUMN_NAME", "KEY_SEQ", "PK_NAME");
        print(m.getImportedKeys(null, "flight_jdbc", "batch"), "PKTABLE_NAME", "PKCOLUMN_NAME", "FKTABLE_NAME", "FKCOLUMN_NAME", "UPDATE_RULE", "DELETE_RULE");
        print(m.getExportedKeys(null, "flight_jdbc", "bound"), "FKTABLE_NAME", "FK_NAME", "PK_NAME");
        print(m.getCrossReference(null, "flight_jdbc", "bound", null, "flight_jdbc", "batch"), "FKTABLE_NAME");
    }

    /** By SQL: commit() and rollback() of this driver do nothing, whatever setAutoCommit says. */
    static void transactions(Connection c) throws Exception {
        try (Statement s = c.createStatement()) {
            s.executeUpdate("BEGIN");
            OUT.println(s.executeUpdate("INSERT INTO flight_jdbc.moved VALUES (1)"));
            print(c, "SELECT count(*) FROM flight_jdbc.moved");
            try (Connection other = connect()) {
                print(other, "SELECT count(*) FROM flight_jdbc.moved");
            }
            s.executeUpdate("ROLLBACK");
            print(c, "SELECT count(*) FROM flight_jdbc.moved");
            s.executeUpdate("BEGIN");
            OUT.println(s.executeUpdate("INSERT INTO flight_jdbc.moved VALUES (2)"));
            s.executeUpdate("COMMIT");
        }
        print(c, "SELECT id FROM flight_jdbc.moved");
    }

    static void errors(Connection c) throws Exception {
        for (String text : new String[] {"SELEC 1", "SELECT * FROM nothing", "SELECT 1 / 0", "SELECT 'x'::int"}) {
            refused(text, () -> print(c, text));
        }
        print(c, "SELECT 1");
    }

    static void manyRows(Connection c) throws Exception {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT i, 'row ' || i FROM flight_jdbc.many ORDER BY i")) {
            long rows = 0, sum = 0;
            while (r.next()) {
                rows++;
                sum += r.getLong(1);
            }
            OUT.println(rows + " " + sum);
        }
    }

    interface Work {
        void run() throws Exception;
    }

    static void refused(String name, Work work) {
        try {
            work.run();
            OUT.println(name + ": not refused");
        } catch (Exception error) {
            String text = error.getMessage() + (error.getCause() == null ? "" : " " + error.getCause().getMessage());
            int start = text.indexOf("[SQLSTATE ");
            OUT.println(name + ": " + error.getClass().getSimpleName() + " " + (start < 0 ? text : text.substring(start + 10, start + 15)));
        }
    }

    static String shown(Object value) throws SQLException {
        if (value instanceof byte[]) {
            return Arrays.toString((byte[]) value);
        }
        if (value instanceof Array) {
            return Arrays.deepToString((Object[]) ((Array) value).getArray());
        }
        return String.valueOf(value);
    }

    static void print(Connection c, String text) throws SQLException {
        try (Statement s = c.createStatement()) {
            print(s.executeQuery(text));
        }
    }

    static void print(ResultSet r, String... columns) throws SQLException {
        try (r) {
            ResultSetMetaData m = r.getMetaData();
            while (r.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= (columns.length > 0 ? columns.length : m.getColumnCount()); i++) {
                    row.add(shown(columns.length > 0 ? r.getObject(columns[i - 1]) : r.getObject(i)));
                }
                OUT.println(String.join(" | ", row));
            }
            OUT.println("--");
        }
    }
}
