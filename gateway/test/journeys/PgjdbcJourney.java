import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.math.BigDecimal;
import java.sql.*;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** One journey by pgjdbc: prints a line "name<TAB>ok" or "name<TAB>what went wrong" for each step. */
public class PgjdbcJourney {
  static final String URL = System.getenv("JOURNEY_URL");
  static final String WAY = System.getenv("JOURNEY_WAY");

  interface Step { void run(Connection c) throws Exception; }

  static Connection open(String... settings) throws SQLException {
    Properties p = new Properties();
    p.setProperty("user", System.getenv("PGUSER"));
    p.setProperty("password", System.getenv("PGPASSWORD"));
    p.setProperty("sslmode", "verify-full");
    p.setProperty("sslrootcert", System.getenv("PGSSLROOTCERT"));
    for (int i = 0; i < settings.length; i += 2) p.setProperty(settings[i], settings[i + 1]);
    return DriverManager.getConnection(URL, p);
  }

  static void step(String name, Step step, String... settings) {
    try (Connection c = open(settings)) {
      step.run(c);
      System.out.println(name + "\tok");
    } catch (Throwable e) {
      System.out.println(name + "\t" + (e + " at " + e.getStackTrace()[0]).replaceAll("\\s+", " "));
    }
  }

  static void check(Object got, Object wanted) {
    if (!Objects.equals(got, wanted)) throw new AssertionError("got " + got + ", wanted " + wanted);
  }

  static Object one(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(sql)) {
      r.next();
      return r.getObject(1);
    }
  }

  static void parameters(Connection c) throws Exception {
    try (PreparedStatement s = c.prepareStatement("select ?::int, ?::text, ?::text, ?::bool, ?::numeric, ?::date, ?::bytea, ?::int[], ?::timestamptz")) {
      Timestamp at = Timestamp.valueOf("2024-05-06 07:08:09.123456");
      // The sixth run and later use a named statement and binary values.
      for (int n = 0; n < 12; n++) {
        s.setInt(1, n);
        s.setString(2, "Zoë " + n);
        s.setNull(3, Types.VARCHAR);
        s.setBoolean(4, n % 2 == 0);
        s.setBigDecimal(5, new BigDecimal("12.340"));
        s.setDate(6, java.sql.Date.valueOf("2024-05-06"));
        s.setBytes(7, new byte[] {0, (byte) n, -1});
        s.setArray(8, c.createArrayOf("int4", new Integer[] {n, null, 3}));
        s.setTimestamp(9, at);
        try (ResultSet r = s.executeQuery()) {
          r.next();
          check(r.getInt(1), n);
          check(r.getString(2), "Zoë " + n);
          check(r.getString(3), null);
          check(r.getBoolean(4), n % 2 == 0);
          check(r.getBigDecimal(5), new BigDecimal("12.340"));
          check(r.getDate(6).toString(), "2024-05-06");
          check(Arrays.toString(r.getBytes(7)), Arrays.toString(new byte[] {0, (byte) n, -1}));
          check(Arrays.toString((Integer[]) r.getArray(8).getArray()), Arrays.toString(new Integer[] {n, null, 3}));
          check(r.getTimestamp(9), at);
        }
      }
    }
    check(((Number) one(c, "select count(*) from pg_prepared_statements where name like 'S_%'")).intValue() >= 1, true);
  }

  static void millionRows(Connection c) throws Exception {
    c.setAutoCommit(false);
    long count = 0, sum = 0;
    try (Statement s = c.createStatement()) {
      // A portal that is executed in pieces.
      s.setFetchSize(10_000);
      try (ResultSet r = s.executeQuery("select n, 'row ' || n from generate_series(1, 1000000) n")) {
        while (r.next()) {
          count++;
          sum += r.getInt(1);
        }
      }
    }
    c.commit();
    check(count, 1_000_000L);
    check(sum, 500_000_500_000L);
  }

  static void suspendedPortals(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (PreparedStatement s = c.prepareStatement("select id from orders order by id"); Statement other = c.createStatement()) {
      s.setFetchSize(7);
      int seen = 0;
      try (ResultSet r = s.executeQuery()) {
        while (r.next()) {
          seen++;
          check(r.getInt(1), seen);
          // Another statement between two pieces of the first.
          if (seen % 100 == 0) try (ResultSet inner = other.executeQuery("select " + seen)) {
            inner.next();
            check(inner.getInt(1), seen);
          }
        }
      }
      check(seen, 600);
    }
    c.commit();
  }

  static void batches(Connection c) throws Exception {
    try (Statement s = c.createStatement()) { s.execute("create temp table b (n int primary key, words text)"); }
    try (PreparedStatement s = c.prepareStatement("insert into b values (?, ?)")) {
      for (int n = 0; n < 3000; n++) {
        s.setInt(1, n);
        s.setString(2, "w".repeat(100));
        s.addBatch();
      }
      check(s.executeBatch().length, 3000);
      for (int n : new int[] {5000, 5, 5001}) {
        s.setInt(1, n);
        s.setString(2, "x");
        s.addBatch();
      }
      try {
        s.executeBatch();
        throw new AssertionError("a duplicate went in");
      } catch (BatchUpdateException e) {
        check(e.getSQLState(), "23505");
      }
    }
    check(one(c, "select count(*) from b"), 3000L);
  }

  static void keysAndReturning(Connection c) throws Exception {
    try (Statement s = c.createStatement()) { s.execute("create temp table k (id int generated always as identity, words text)"); }
    try (PreparedStatement s = c.prepareStatement("insert into k (words) values (?)", Statement.RETURN_GENERATED_KEYS)) {
      s.setString(1, "one");
      check(s.executeUpdate(), 1);
      try (ResultSet r = s.getGeneratedKeys()) {
        r.next();
        check(r.getInt("id"), 1);
      }
    }
  }

  static void copies(Connection c) throws Exception {
    CopyManager copy = c.unwrap(PGConnection.class).getCopyAPI();
    try (Statement s = c.createStatement()) { s.execute("create temp table c (n int, words text)"); }
    StringBuilder lines = new StringBuilder();
    for (int n = 0; n < 20_000; n++) lines.append(n).append("\tline ").append(n).append('\n');
    check(copy.copyIn("copy c from stdin", new StringReader(lines.toString())), 20_000L);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    check(copy.copyOut("copy (select * from c order by n) to stdout", out), 20_000L);
    check(out.toString("UTF-8"), lines.toString());
    try {
      copy.copyIn("copy c from stdin", new StringReader("not a number\tx\n"));
      throw new AssertionError("copied");
    } catch (SQLException e) {
      check(e.getSQLState(), "22P02");
    }
    CopyIn given = copy.copyIn("copy c from stdin");
    given.writeToCopy("1\tx\n".getBytes(), 0, 4);
    given.cancelCopy();
    check(one(c, "select count(*) from c"), 20_000L);
  }

  static void errors(Connection c) throws Exception {
    try {
      one(c, "insert into customers (id, name, email) values (1, 'x', 'y') returning id");
      throw new AssertionError("inserted");
    } catch (PSQLException e) {
      ServerErrorMessage m = e.getServerErrorMessage();
      check(List.of(m.getSQLState(), m.getTable(), m.getConstraint(), m.getDetail()),
        List.of("23505", "customers", "customers_pkey", "Key (id)=(1) already exists."));
    }
    try {
      one(c, "select 1 where nosuch");
      throw new AssertionError("selected");
    } catch (PSQLException e) {
      check(e.getServerErrorMessage().getPosition(), 16);
    }
    check(one(c, "select 1"), 1);
  }

  static void transactions(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (Statement s = c.createStatement()) {
      s.execute("create temp table t (n int)");
      Savepoint point = c.setSavepoint();
      try {
        s.execute("insert into t values (1/0)");
      } catch (SQLException e) {
        check(e.getSQLState(), "22012");
      }
      try {
        s.execute("select 1");
        throw new AssertionError("went on in an aborted transaction");
      } catch (SQLException e) {
        check(e.getSQLState(), "25P02");
      }
      c.rollback(point);
      check(one(c, "select count(*) from t"), 0L);
      c.commit();
    }
    c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
    check(one(c, "show transaction_isolation"), "serializable");
    c.rollback();
    c.setReadOnly(true);
    try (Statement s = c.createStatement()) {
      s.execute("insert into t values (1)");
      s.execute("create table never (n int)");
      throw new AssertionError("wrote in a read-only transaction");
    } catch (SQLException e) {
      check(e.getSQLState(), "25006");
    }
  }

  static void cancel(Connection c) throws Exception {
    try (Statement s = c.createStatement()) {
      Thread thread = new Thread(() -> {
        try {
          Thread.sleep(500);
          s.cancel();
        } catch (Exception e) {
          throw new RuntimeException(e);
        }
      });
      thread.start();
      long started = System.nanoTime();
      try {
        s.executeQuery("select pg_sleep(30) as pgjdbc_" + WAY + "_sleep");
        throw new AssertionError("slept to the end");
      } catch (SQLException e) {
        check(e.getSQLState(), "57014");
      }
      check(System.nanoTime() - started < 5_000_000_000L, true);
      s.setQueryTimeout(1);
      try {
        s.executeQuery("select pg_sleep(30)");
        throw new AssertionError("no time-out");
      } catch (SQLException e) {
        check(e.getSQLState(), "57014");
      }
    }
    check(one(c, "select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '%pgjdbc_" + WAY + "_sleep%'"), 0L);
  }

  static void notifications(Connection c) throws Exception {
    try (Statement s = c.createStatement()) {
      s.execute("listen java_news");
      try (Connection other = open(); Statement o = other.createStatement()) { o.execute("notify java_news, 'payload'"); }
      PGNotification[] heard = c.unwrap(PGConnection.class).getNotifications(5000);
      check(heard.length, 1);
      check(heard[0].getParameter(), "payload");
      s.execute("do $$ begin raise warning 'warned'; end $$");
      check(s.getWarnings().getMessage(), "warned");
    }
  }

  static void metadata(Connection c) throws Exception {
    DatabaseMetaData m = c.getMetaData();
    Set<String> columns = new TreeSet<>();
    try (ResultSet r = m.getColumns(null, "public", "customers", "%")) { while (r.next()) columns.add(r.getString("COLUMN_NAME")); }
    check(columns.size(), 7);
    try (ResultSet r = m.getPrimaryKeys(null, "public", "orders")) {
      r.next();
      check(r.getString("COLUMN_NAME"), "id");
    }
    try (ResultSet r = m.getImportedKeys(null, "public", "payments")) { check(r.next(), true); }
    try (PreparedStatement s = c.prepareStatement("select id, name as other, id + 1 from customers")) {
      ResultSetMetaData d = s.getMetaData();
      check(d.getColumnTypeName(1) + d.getColumnLabel(2) + d.getColumnCount(), "serialother3");
    }
  }

  public static void main(String[] arguments) throws Exception {
    step("parameters, in text and in binary", PgjdbcJourney::parameters);
    step("the simple protocol", c -> check(one(c, "select 7"), 7), "preferQueryMode", "simple");
    step("prepared on first use, binary at once", PgjdbcJourney::parameters, "prepareThreshold", "-1");
    step("1,000,000 rows in pieces of a portal", PgjdbcJourney::millionRows);
    step("suspended portals", PgjdbcJourney::suspendedPortals);
    step("batches", PgjdbcJourney::batches);
    step("batches rewritten", PgjdbcJourney::batches, "reWriteBatchedInserts", "true");
    step("generated keys", PgjdbcJourney::keysAndReturning);
    step("copy in and out", PgjdbcJourney::copies);
    step("errors", PgjdbcJourney::errors);
    step("transactions after errors", PgjdbcJourney::transactions);
    step("a savepoint for each statement", PgjdbcJourney::errors, "autosave", "always");
    step("cancel and time-out", PgjdbcJourney::cancel);
    step("notifications and warnings", PgjdbcJourney::notifications);
    step("metadata", PgjdbcJourney::metadata);
  }
}
