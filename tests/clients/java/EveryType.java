import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.UUID;
import org.postgresql.PGStatement;

/** The section about values: every type written and read in both formats. */
final class EveryType {
    static final String EVERY = "(id int, bo boolean, i2 smallint, i8 bigint, f4 real, f8 double precision, nu numeric(20,5),"
        + " te text, vc varchar(10), ch char(5), by bytea, da date, ts timestamp, tz timestamptz, uu uuid, js json, jb jsonb,"
        + " ai integer[], at text[], an numeric(10,2)[])";

    static void everyType(Connection c) throws Exception {
        try (Statement s = c.createStatement()) {
            s.execute("CREATE TABLE " + Checks.schema + ".every " + EVERY);
        }
        String sql = "INSERT INTO " + Checks.schema + ".every VALUES (" + "?, ".repeat(19) + "?)";
        try (PreparedStatement s = c.prepareStatement(sql)) {
            for (int n = 1; n <= 12; n++) {
                s.setInt(1, n);
                if (n % 4 == 0) {
                    for (int i = 2; i <= 20; i++) {
                        s.setNull(i, i == 11 ? Types.BINARY : i == 2 ? Types.BOOLEAN : i > 17 ? Types.ARRAY : Types.OTHER);
                    }
                    s.executeUpdate();
                    continue;
                }
                s.setBoolean(2, n % 2 == 0);
                s.setShort(3, (short) -n);
                s.setLong(4, Long.MIN_VALUE + n);
                s.setFloat(5, 0.1f * n);
                s.setDouble(6, n == 5 ? Double.NaN : n == 6 ? Double.NEGATIVE_INFINITY : 1.0 / n);
                s.setBigDecimal(7, new BigDecimal("123456789012345.67890").divide(BigDecimal.valueOf(1 << n)).setScale(5, java.math.RoundingMode.HALF_UP));
                s.setString(8, "té\t\"" + n);
                s.setString(9, "v" + n);
                s.setString(10, "ab");
                s.setBytes(11, new byte[] {0, (byte) 255, (byte) n});
                s.setObject(12, LocalDate.of(1969 + n, 2, 28));
                s.setObject(13, LocalDateTime.of(2024, 2, 29, 12, 30, 1, n * 1000));
                s.setObject(14, OffsetDateTime.of(2024, 3, 31, 2, 30, 0, 0, ZoneOffset.ofHours(n)));
                s.setObject(15, new UUID(n, n));
                s.setObject(16, "{\"n\":  " + n + "}", Types.OTHER);
                s.setObject(17, "{\"n\":  " + n + "}", Types.OTHER);
                s.setArray(18, c.createArrayOf("int4", new Integer[] {n, null, -n}));
                s.setArray(19, c.createArrayOf("text", new String[] {"a", null, "q\"\\", ""}));
                s.setArray(20, c.createArrayOf("numeric", new BigDecimal[] {new BigDecimal("1.50")}));
                Checks.OUT.print(s.executeUpdate());
            }
        }
        Checks.OUT.println();
        try (PreparedStatement s = c.prepareStatement("SELECT * FROM " + Checks.schema + ".every WHERE id > ? ORDER BY id")) {
            for (int n = 0; n < 8; n++) {
                s.setInt(1, n);
                Checks.OUT.println("-- after " + n + " server-prepared " + s.unwrap(PGStatement.class).isUseServerPrepare());
                try (ResultSet rows = s.executeQuery()) {
                    while (rows.next()) {
                        StringBuilder line = new StringBuilder();
                        for (int i = 1; i <= 20; i++) {
                            Object value = rows.getObject(i);
                            line.append(i == 11 ? "" : rows.getString(i)).append(" <").append(value == null ? null
                                : value instanceof byte[] bytes ? Arrays.toString(bytes)
                                : value instanceof Array array ? Arrays.toString((Object[]) array.getArray())
                                : value.getClass().getSimpleName()).append("> ");
                        }
                        Checks.OUT.println(line);
                    }
                }
            }
        }
        try (PreparedStatement s = c.prepareStatement("SELECT id FROM " + Checks.schema
                + ".every WHERE da = ? OR ts = ? OR tz = ? OR uu = ? OR nu = ? OR vc = ? OR bo = ? ORDER BY id")) {
            for (int n = 1; n < 9; n++) {
                s.setDate(1, Date.valueOf("1970-02-28"));
                s.setObject(2, LocalDateTime.of(2024, 2, 29, 12, 30, 1, n * 1000));
                s.setObject(3, OffsetDateTime.of(2024, 3, 31, 2, 30, 0, 0, ZoneOffset.ofHours(3)));
                s.setObject(4, new UUID(5, 5));
                s.setBigDecimal(5, new BigDecimal("1.5"));
                s.setString(6, "v6");
                s.setNull(7, Types.BOOLEAN);
                Checks.print("found " + n, s.executeQuery());
            }
        }
    }
}
