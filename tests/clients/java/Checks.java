import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.util.Arrays;
import java.util.Base64;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;

/** What an application does through pgjdbc, printed in sections: `== name` and lines. Arguments: URL, user, password, schema to write in. */
public final class Checks {
    interface Section {
        void run(Connection connection) throws Exception;
    }

    static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    static final String LONG =
        "SELECT count(*) FROM shop.numbers a, shop.numbers b, shop.numbers c WHERE a.n * b.n % 7 = c.n % 11";
    static String url, user, password, schema;

    public static void main(String[] arguments) throws Exception {
        url = arguments[0];
        user = arguments[1];
        password = arguments[2];
        schema = arguments[3];
        section("connection", Checks::connection);
        section("metadata", Metadata::metadata);
        section("result set metadata", Metadata::resultSetMetaData);
        section("parameter metadata", Metadata::parameterMetaData);
        section("every type", EveryType::everyType);
        section("prepared beyond the threshold", Checks::prepared);
        section("fetch size", Checks::fetchSize);
        section("batches", Checks::batches);
        section("copy", Checks::copy);
        section("transactions", Checks::transactions);
        section("errors", Checks::errors);
        section("updatable results and generated keys", Checks::updatable);
        section("cancel", Checks::cancel);
        OUT.flush();
    }

    static Connection connect(String... options) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("ApplicationName", "Checks [é]");
        for (int i = 0; i < options.length; i += 2) {
            properties.setProperty(options[i], options[i + 1]);
        }
        return DriverManager.getConnection(url, properties);
    }

    static void section(String name, Section section) throws Exception {
        OUT.println("== " + name);
        try (Connection connection = connect()) {
            section.run(connection);
        } catch (Exception error) {
            OUT.println("FAILED " + told(error));
        }
    }

    static String told(Exception error) {
        if (error instanceof PSQLException server && server.getServerErrorMessage() != null) {
            var message = server.getServerErrorMessage();
            return server.getSQLState() + " " + message.getMessage() + " at " + message.getPosition();
        }
        return error instanceof SQLException sql ? sql.getSQLState() + " " + sql.getMessage() : error.toString();
    }

    /** All columns of all rows, as strings, sorted where the driver's query does not order. */
    static void print(String title, ResultSet rows, String... hidden) throws SQLException {
        ResultSetMetaData columns = rows.getMetaData();
        OUT.println("-- " + title);
        while (rows.next()) {
            StringBuilder line = new StringBuilder();
            for (int i = 1; i <= columns.getColumnCount(); i++) {
                if (!Arrays.asList(hidden).contains(columns.getColumnLabel(i))) {
                    line.append(columns.getColumnLabel(i)).append('=').append(rows.getString(i)).append("; ");
                }
            }
            OUT.println(line);
        }
        rows.close();
    }

    static void connection(Connection c) throws Exception {
        OUT.println(c.isValid(5) + " " + c.getCatalog() + " " + c.getSchema() + " " + c.getAutoCommit());
        OUT.println(c.getTransactionIsolation() + " " + c.isReadOnly() + " " + c.getClientInfo("ApplicationName"));
        c.setSchema("shop");
        OUT.println(c.getSchema() + " " + one(c, "SELECT count(*) FROM orders"));
        c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        OUT.println(c.getTransactionIsolation() + " " + one(c, "SHOW TRANSACTION ISOLATION LEVEL"));
        c.setReadOnly(true);
        OUT.println(c.isReadOnly() + " " + one(c, "SHOW transaction_read_only"));
        c.setClientInfo("ApplicationName", "another");
        OUT.println(one(c, "SHOW application_name"));
        try (Statement s = c.createStatement()) {
            OUT.println(s.execute("") + " " + s.getUpdateCount() + " " + s.execute(";;") + " " + s.execute("-- ping"));
            s.execute("SELECT 1 AS a; SELECT 2 AS b, 3; SELECT count(*) FROM shop.numbers");
            do {
                print("several", s.getResultSet());
            } while (s.getMoreResults());
        }
        OUT.println(((PGConnection) c).getParameterStatus("TimeZone") != null);
        OUT.println(c.nativeSQL("SELECT {fn concat('a', 'b')}") + " " + one(c, "SELECT {fn concat('a', 'b')}"));
    }

    static String one(Connection c, String sql) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet rows = s.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : "no row";
        }
    }

    static void prepared(Connection c) throws Exception {
        String sql = "SELECT n, n * ? AS times, n::text || ? AS label FROM shop.numbers WHERE n <= ? ORDER BY n";
        try (PreparedStatement s = c.prepareStatement(sql)) {
            for (int n = 1; n <= 9; n++) {
                s.setInt(1, n);
                s.setString(2, "x" + n);
                s.setInt(3, 3);
                print("run " + n + " " + s.unwrap(PGStatement.class).isUseServerPrepare(), s.executeQuery());
            }
        }
        try (PreparedStatement s = c.prepareStatement("SELECT 1 / ?")) {
            for (int n = 0; n < 10; n++) {
                s.setInt(1, n % 3);
                try (ResultSet rows = s.executeQuery()) {
                    rows.next();
                    OUT.print(rows.getInt(1) + " ");
                } catch (SQLException error) {
                    OUT.print(told(error) + " ");
                }
            }
        }
        OUT.println();
    }

    static void fetchSize(Connection c) throws Exception {
        c.setAutoCommit(false);
        try (PreparedStatement s = c.prepareStatement("SELECT n FROM shop.numbers ORDER BY n", ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
            s.setFetchSize(300);
            for (int run = 0; run < 7; run++) {
                long sum = 0;
                int rows = 0;
                try (ResultSet result = s.executeQuery(); Statement other = c.createStatement()) {
                    while (result.next()) {
                        sum += result.getInt(1);
                        if (++rows == 450) {
                            other.executeQuery("SELECT max(n) FROM shop.numbers").close();
                        }
                        if (rows == 1000 && run == 3) {
                            break;
                        }
                    }
                }
                OUT.println(run + ": " + rows + " rows, sum " + sum);
            }
        }
        c.commit();
        try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY);
                ResultSet rows = s.executeQuery("SELECT n FROM shop.numbers ORDER BY n LIMIT 20")) {
            rows.last();
            OUT.println(rows.getRow() + " " + rows.absolute(3) + " " + rows.getInt(1) + " " + rows.previous() + " " + rows.getInt(1));
        }
        try (Statement s = c.createStatement()) {
            s.setMaxRows(7);
            print("at most seven", s.executeQuery("SELECT n FROM shop.numbers ORDER BY n"));
        }
        c.rollback();
    }

    static void batches(Connection c) throws Exception {
        try (Statement s = c.createStatement()) {
            s.execute("CREATE TABLE " + schema + ".batch (id int NOT NULL, label text)");
        }
        for (String rewrite : new String[] {"false", "true"}) {
            try (Connection own = connect("reWriteBatchedInserts", rewrite)) {
                own.setAutoCommit(false);
                try (PreparedStatement s = own.prepareStatement("INSERT INTO " + schema + ".batch (id, label) VALUES (?, ?)")) {
                    for (int n = 0; n < 40; n++) {
                        s.setInt(1, n);
                        s.setString(2, "n" + n);
                        s.addBatch();
                    }
                    OUT.println(rewrite + " " + s.executeBatch().length);
                }
                own.commit();
                try (PreparedStatement s = own.prepareStatement("INSERT INTO " + schema + ".batch (id, label) VALUES (?, ?)")) {
                    for (int n = 0; n < 4; n++) {
                        s.setObject(1, n == 2 ? null : n, Types.INTEGER);
                        s.setString(2, "bad");
                        s.addBatch();
                    }
                    s.executeBatch();
                } catch (BatchUpdateException error) {
                    OUT.println(error.getSQLState() + " " + error.getUpdateCounts().length);
                }
                own.rollback();
            }
        }
        try (Statement s = c.createStatement()) {
            s.addBatch("UPDATE " + schema + ".batch SET label = 'u' WHERE id < 3");
            s.addBatch("DELETE FROM " + schema + ".batch WHERE id > 30");
            s.addBatch("INSERT INTO " + schema + ".batch VALUES (100, 'x'), (101, 'y')");
            OUT.println(Arrays.toString(s.executeBatch()));
        }
        OUT.println(one(c, "SELECT count(*) || ' ' || sum(id) || ' ' || max(label) FROM " + schema + ".batch"));
    }

    static void copy(Connection c) throws Exception {
        CopyManager copies = ((PGConnection) c).getCopyAPI();
        try (Statement s = c.createStatement()) {
            s.execute("CREATE TABLE " + schema + ".copied (id int, label text, amount numeric(10,2))");
        }
        for (String options : new String[] {"", "(FORMAT csv)", "(FORMAT binary)"}) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            long sent = copies.copyOut("COPY (SELECT n, 'l,\"' || n, n / 8.0 FROM shop.numbers ORDER BY n LIMIT 100) TO STDOUT " + options, out);
            byte[] bytes = out.toByteArray();
            String text = options.contains("binary") ? "binary" : Base64.getEncoder().encodeToString(bytes);
            OUT.println(options + " " + sent + " " + text.hashCode());
            if (!options.contains("binary")) {
                OUT.println(copies.copyIn("COPY " + schema + ".copied FROM STDIN " + options, new ByteArrayInputStream(bytes)));
            }
        }
        try {
            copies.copyIn("COPY " + schema + ".copied FROM STDIN", new ByteArrayInputStream("1\tx\ny\tz\t1\n".getBytes()));
        } catch (SQLException error) {
            OUT.println(told(error));
        }
        var in = copies.copyIn("COPY " + schema + ".copied FROM STDIN");
        in.writeToCopy("1\tx\t1\n".getBytes(), 0, 6);
        in.cancelCopy();
        OUT.println(one(c, "SELECT count(*) || ' ' || sum(amount) FROM " + schema + ".copied"));
    }

    static void transactions(Connection c) throws Exception {
        String table = schema + ".tx";
        try (Statement s = c.createStatement()) {
            s.execute("CREATE TABLE " + table + " (a int)");
            c.setAutoCommit(false);
            OUT.println(s.executeUpdate("INSERT INTO " + table + " VALUES (1), (2)"));
            Savepoint point = c.setSavepoint("po\"int");
            s.executeUpdate("INSERT INTO " + table + " VALUES (3)");
            try {
                s.execute("SELECT nothing");
            } catch (SQLException error) {
                OUT.println(told(error));
            }
            try {
                s.execute("SELECT 1");
            } catch (SQLException error) {
                OUT.println(told(error));
            }
            c.rollback(point);
            OUT.println(one(c, "SELECT count(*) FROM " + table));
            c.releaseSavepoint(c.setSavepoint());
            c.commit();
            s.executeUpdate("DELETE FROM " + table);
            c.rollback();
            OUT.println(one(c, "SELECT count(*) FROM " + table));
            c.commit();
            c.setReadOnly(true);
            try {
                s.executeUpdate("DELETE FROM " + table);
            } catch (SQLException error) {
                OUT.println(told(error));
            }
            c.rollback();
        }
        try (Connection own = connect("autosave", "always")) {
            own.setAutoCommit(false);
            try (Statement s = own.createStatement()) {
                s.executeUpdate("INSERT INTO " + table + " VALUES (7)");
                try {
                    s.execute("SELECT 1/0");
                } catch (SQLException error) {
                    OUT.println(told(error));
                }
                own.commit();
            }
            OUT.println(one(own, "SELECT sum(a) FROM " + table));
        }
    }

    static void errors(Connection c) throws Exception {
        String[] statements = {
            "SELECT nothing FROM shop.orders", "SELEC 1", "SELECT * FROM shop.nothing", "SELECT 'é' + 1 FROM shop.orders WHERE",
            "INSERT INTO shop.lines VALUES (1, 3, NULL)", "INSERT INTO shop.orders (id, amount) VALUES (9, -1)",
            "CREATE TABLE shop.orders (a int)", "DROP TABLE shop.nothing", "CREATE SCHEMA shop",
        };
        for (String sql : statements) {
            for (boolean simple : new boolean[] {false, true}) {
                try (Connection own = simple ? connect("preferQueryMode", "simple") : connect(); Statement s = own.createStatement()) {
                    s.execute(sql);
                    OUT.println("no error: " + sql);
                } catch (SQLException error) {
                    OUT.println(told(error));
                }
            }
        }
        try (Statement s = c.createStatement()) {
            try {
                s.executeUpdate("SELECT 1");
            } catch (SQLException error) {
                OUT.println(told(error));
            }
            try {
                s.executeQuery("SET extra_float_digits = 3");
            } catch (SQLException error) {
                OUT.println(told(error));
            }
            s.execute("DROP TABLE IF EXISTS shop.never");
            for (SQLWarning warning = s.getWarnings(); warning != null; warning = warning.getNextWarning()) {
                OUT.println(warning.getSQLState() + " " + warning.getMessage());
            }
        }
        OUT.println(one(c, "SELECT count(*) FROM shop.orders"));
    }

    static void updatable(Connection c) throws Exception {
        String table = schema + ".upd";
        try (Statement s = c.createStatement()) {
            s.execute("CREATE TABLE " + table + " (id int PRIMARY KEY, label text, made date DEFAULT '2024-01-01')");
            s.execute("INSERT INTO " + table + " (id, label) VALUES (1, 'a'), (2, 'b')");
        }
        try (PreparedStatement s = c.prepareStatement("INSERT INTO " + table + " (id, label) VALUES (?, ?)", Statement.RETURN_GENERATED_KEYS)) {
            s.setInt(1, 3);
            s.setString(2, "c");
            OUT.println(s.executeUpdate());
            print("generated", s.getGeneratedKeys());
        }
        try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
                ResultSet rows = s.executeQuery("SELECT id, label, made FROM " + table + " ORDER BY id")) {
            rows.next();
            rows.updateString("label", "changed");
            rows.updateRow();
            rows.next();
            rows.deleteRow();
            rows.moveToInsertRow();
            rows.updateInt("id", 9);
            rows.updateString("label", "new");
            rows.insertRow();
        }
        try (Statement s = c.createStatement()) {
            print("after", s.executeQuery("SELECT * FROM " + table + " ORDER BY id"));
        }
    }

    static void cancel(Connection c) throws Exception {
        for (String mode : new String[] {"cancel", "timeout"}) {
            try (Statement s = c.createStatement()) {
                AtomicReference<String> outcome = new AtomicReference<>("none");
                if (mode.equals("timeout")) {
                    s.setQueryTimeout(1);
                }
                Thread thread = new Thread(() -> {
                    try {
                        s.executeQuery(LONG);
                        outcome.set("it ended");
                    } catch (SQLException error) {
                        outcome.set(told(error));
                    }
                });
                thread.start();
                long deadline = System.nanoTime() + 60_000_000_000L;
                while (thread.isAlive() && System.nanoTime() < deadline) {
                    if (mode.equals("cancel")) {
                        s.cancel();
                    }
                    thread.join(200);
                }
                OUT.println(mode + " " + outcome.get());
            }
            OUT.println(c.isValid(5) + " " + one(c, "SELECT max(n) FROM shop.numbers"));
        }
    }
}
