import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;

/** The sections about metadata: of the database, of results, of parameters. */
final class Metadata {
    static void metadata(Connection c) throws Exception {
        DatabaseMetaData m = c.getMetaData();
        Checks.OUT.println(m.getDatabaseProductName() + " " + m.getDatabaseMajorVersion() + " " + m.getUserName());
        Checks.OUT.println(m.getMaxColumnNameLength() + " " + m.getMaxIndexLength() + " " + m.getDefaultTransactionIsolation());
        Checks.OUT.println(m.getSQLKeywords());
        Checks.OUT.println(m.getNumericFunctions() + m.getStringFunctions() + m.getSystemFunctions() + m.getTimeDateFunctions());
        Checks.print("tables", m.getTables(null, "shop", "%", null));
        Checks.print("views", m.getTables(null, "shop", "%", new String[] {"VIEW", "MATERIALIZED VIEW"}));
        Checks.print("system tables", m.getTables(null, "pg_catalog", "pg_c%", null));
        Checks.print("table types", m.getTableTypes());
        Checks.print("schemas", m.getSchemas(null, "shop"));
        Checks.print("columns", m.getColumns(null, "shop", "%", "%"));
        Checks.print("odd columns", m.getColumns(null, "shop", "Odd \"Name\"", "%"));
        Checks.print("rights", m.getTablePrivileges(null, "shop", "%"));
        Checks.print("column rights", m.getColumnPrivileges(null, "shop", "customers", "%"));
        for (String table : new String[] {"orders", "customers", "lines", "numbers"}) {
            Checks.print("primary key of " + table, m.getPrimaryKeys(null, "shop", table));
            Checks.print("imported keys of " + table, m.getImportedKeys(null, "shop", table));
            Checks.print("exported keys of " + table, m.getExportedKeys(null, "shop", table));
            Checks.print("indexes of " + table, m.getIndexInfo(null, "shop", table, false, true), "CARDINALITY", "PAGES");
            Checks.print("unique indexes of " + table, m.getIndexInfo(null, "shop", table, true, true), "CARDINALITY", "PAGES");
            Checks.print("best row of " + table, m.getBestRowIdentifier(null, "shop", table, 2, true));
            Checks.print("version columns of " + table, m.getVersionColumns(null, "shop", table));
        }
        Checks.print("cross reference", m.getCrossReference(null, "shop", "orders", null, "shop", "lines"));
        Checks.print("functions", m.getFunctions(null, "pg_catalog", "date_%"));
        Checks.print("function columns", m.getFunctionColumns(null, "pg_catalog", "date_trunc", "%"), "SPECIFIC_NAME");
        Checks.print("procedures", m.getProcedures(null, "shop", "%"));
        try (ResultSet rows = m.getTypeInfo()) {
            while (rows.next()) {  // arrays of tables' rows are not of interest
                if (!rows.getString("TYPE_NAME").startsWith("_")) {
                    Checks.OUT.println(rows.getString("TYPE_NAME") + " " + rows.getInt("DATA_TYPE") + " " + rows.getInt("PRECISION")
                        + rows.getString("LITERAL_PREFIX") + rows.getBoolean("CASE_SENSITIVE") + rows.getInt("MAXIMUM_SCALE"));
                }
            }
        }
        Checks.print("own types", m.getUDTs(null, "shop", "%", null));
        Checks.print("client info", m.getClientInfoProperties());
    }

    static void describe(ResultSetMetaData m) throws SQLException {
        for (int i = 1; i <= m.getColumnCount(); i++) {
            Checks.OUT.println(String.join(" ", m.getColumnName(i), m.getColumnLabel(i), m.getColumnTypeName(i),
                "" + m.getColumnType(i), m.getColumnClassName(i), "" + m.getPrecision(i), "" + m.getScale(i),
                "" + m.getColumnDisplaySize(i), "" + m.isNullable(i), "" + m.isAutoIncrement(i), "" + m.isSigned(i),
                m.getSchemaName(i) + "." + m.getTableName(i), "" + m.isCaseSensitive(i), "" + m.isCurrency(i)));
        }
    }

    static void resultSetMetaData(Connection c) throws Exception {
        String[] questions = {
            "SELECT * FROM shop.orders", "SELECT id AS renamed, amount * 2, count(*) OVER () FROM shop.orders",
            "SELECT * FROM shop.revenue", "SELECT * FROM shop.\"Odd \"\"Name\"\"\"", "SELECT 1, 'x', NULL, now(), 1.50",
            "SELECT c.name, l.* FROM shop.customers c, shop.lines l", "SHOW TimeZone",
        };
        for (String sql : questions) {
            try (PreparedStatement s = c.prepareStatement(sql)) {
                Checks.OUT.println("-- before execution: " + sql);
                describe(s.getMetaData());
                try (ResultSet rows = s.executeQuery()) {
                    describe(rows.getMetaData());
                }
            }
        }
        try (PreparedStatement s = c.prepareStatement("DELETE FROM shop.orders WHERE id = ?")) {
            Checks.OUT.println(s.getMetaData() == null);
        }
    }

    static void parameterMetaData(Connection c) throws Exception {
        String[] questions = {
            "SELECT * FROM shop.orders WHERE id = ? AND note LIKE ? AND at < ? AND tags = ? AND amount BETWEEN ? AND ?",
            "INSERT INTO shop.orders (id, amount, day, paid, token, extra) VALUES (?, ?, ?, ?, ?, ?)",
            "UPDATE shop.orders SET ratio = ?, note = ? WHERE id = ?", "SELECT ?::int + 1, ?::numeric(10,2)",
            "SELECT n FROM shop.numbers LIMIT ? OFFSET ?",
        };
        for (String sql : questions) {
            try (PreparedStatement s = c.prepareStatement(sql)) {
                ParameterMetaData m = s.getParameterMetaData();
                Checks.OUT.println("-- " + sql);
                for (int i = 1; i <= m.getParameterCount(); i++) {
                    Checks.OUT.println(m.getParameterTypeName(i) + " " + m.getParameterType(i) + " " + m.getParameterClassName(i)
                        + " " + m.isSigned(i));
                }
            }
        }
    }
}
