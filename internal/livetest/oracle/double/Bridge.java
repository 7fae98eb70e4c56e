// Bridge answers SQL over loopback connections, one JDBC session each, from an
// HSQLDB in memory that reads Oracle's syntax. The first line it prints is its port.
//
// A request is an op and, for 'x', a commit flag, the statement, and its values. Numbers
// are of 32 bits, big end first; strings and values have their length before them, -1
// standing for null.

import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.sql.*;

public class Bridge {
	static final String url = "jdbc:hsqldb:mem:sessions;sql.syntax_ora=true;hsqldb.tx=locks;hsqldb.tx_level=read_committed";

	public static void main(String[] args) throws Exception {
		try (Connection c = DriverManager.getConnection(url, "SA", ""); Statement s = c.createStatement()) {
			s.execute("CREATE VIEW ALL_TAB_COLUMNS AS SELECT 'SA' AS OWNER, TABLE_NAME, COLUMN_NAME,"
				+ " CHARACTER_MAXIMUM_LENGTH AS CHAR_LENGTH,"
				+ " RTRIM(CASE DATA_TYPE WHEN 'BINARY LARGE OBJECT' THEN 'BLOB'"
				+ " WHEN 'CHARACTER LARGE OBJECT' THEN 'CLOB' ELSE 'VARCHAR2' END) AS DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'PUBLIC'");
			// The one package that our statements call.
			s.execute("CREATE SCHEMA DBMS_LOB");
			s.execute("CREATE FUNCTION DBMS_LOB.GETLENGTH(b BLOB) RETURNS BIGINT CONTAINS SQL RETURN OCTET_LENGTH(b)");
			s.execute("CREATE FUNCTION DBMS_LOB.GETLENGTH(c CLOB) RETURNS BIGINT CONTAINS SQL RETURN CHAR_LENGTH(c)");
		}
		ServerSocket server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
		System.out.println(server.getLocalPort());
		new Thread(() -> { // ends with the one who started it
			try { while (System.in.read() >= 0) { } } catch (IOException e) { }
			System.exit(0);
		}).start();
		for (;;) {
			Socket socket = server.accept();
			socket.setTcpNoDelay(true);
			new Thread(() -> serve(socket)).start();
		}
	}

	static void serve(Socket socket) {
		try (socket; Connection c = DriverManager.getConnection(url, "SA", "")) {
			c.setAutoCommit(false);
			DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
			DataOutputStream out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
			boolean changed = false;
			for (int op; (op = in.read()) >= 0; out.flush()) {
				try {
					switch (op) {
					case 'x':
						changed |= execute(c, in, out);
						if (!changed) {
							c.commit(); // to Oracle a query begins no transaction
						}
						break;
					case 'c': c.commit(); changed = false; out.write('u'); out.writeInt(0); break;
					case 'r': c.rollback(); changed = false; out.write('u'); out.writeInt(0); break;
					}
				} catch (SQLException e) {
					out.write('e');
					out.writeInt(e.getErrorCode());
					write(out, String.valueOf(e.getSQLState()).getBytes(StandardCharsets.UTF_8));
					write(out, e.getMessage().getBytes(StandardCharsets.UTF_8));
				}
			}
		} catch (IOException | SQLException e) {
			System.err.println(e); // the client has gone
		}
	}

	// execute reports whether the statement leaves something to commit.
	static boolean execute(Connection c, DataInputStream in, DataOutputStream out) throws IOException, SQLException {
		boolean commit = in.read() == 1;
		String sql = new String(read(in), StandardCharsets.UTF_8);
		byte[] types = new byte[in.readInt()];
		byte[][] values = new byte[types.length][];
		for (int i = 0; i < types.length; i++) {
			types[i] = in.readByte();
			values[i] = read(in);
		}
		try (PreparedStatement s = c.prepareStatement(sql)) {
			for (int i = 0; i < types.length; i++) {
				bind(s, i + 1, types[i], values[i]);
			}
			boolean query = s.execute();
			if (query) {
				rows(s.getResultSet(), out);
			} else {
				out.write('u');
				out.writeInt(Math.max(s.getUpdateCount(), 0));
			}
			if (commit) {
				c.commit();
			}
			return !query && !commit;
		} catch (SQLException e) {
			if (commit) {
				c.rollback();
			}
			throw e;
		}
	}

	static void bind(PreparedStatement s, int n, byte type, byte[] value) throws SQLException {
		if (value == null) {
			s.setObject(n, null);
			return;
		}
		switch (type) {
		case 'b': s.setBytes(n, value); break;
		case 'd': s.setBigDecimal(n, new java.math.BigDecimal(new String(value, StandardCharsets.US_ASCII))); break;
		default: s.setString(n, new String(value, StandardCharsets.UTF_8));
		}
	}

	static void rows(ResultSet rs, DataOutputStream out) throws IOException, SQLException {
		ResultSetMetaData meta = rs.getMetaData();
		int columns = meta.getColumnCount();
		ByteArrayOutputStream buffer = new ByteArrayOutputStream();
		DataOutputStream rows = new DataOutputStream(buffer);
		int count = 0;
		for (; rs.next(); count++) {
			for (int i = 1; i <= columns; i++) {
				write(rows, value(rs, i, meta.getColumnType(i)));
			}
		}
		out.write('q');
		out.writeInt(columns);
		for (int i = 1; i <= columns; i++) {
			write(out, meta.getColumnLabel(i).getBytes(StandardCharsets.UTF_8));
			out.writeInt(meta.getColumnType(i));
			out.writeInt(meta.getPrecision(i));
		}
		out.writeInt(count);
		buffer.writeTo(out);
	}

	static byte[] value(ResultSet rs, int i, int type) throws SQLException {
		switch (type) {
		case Types.BLOB:
			Blob blob = rs.getBlob(i);
			return blob == null ? null : blob.getBytes(1, (int) blob.length());
		case Types.CLOB:
			Clob clob = rs.getClob(i);
			return clob == null ? null : clob.getSubString(1, (int) clob.length()).getBytes(StandardCharsets.UTF_8);
		case Types.BINARY: case Types.VARBINARY: case Types.LONGVARBINARY:
			return rs.getBytes(i);
		case Types.DECIMAL: case Types.NUMERIC: case Types.INTEGER: case Types.BIGINT: case Types.SMALLINT:
			java.math.BigDecimal d = rs.getBigDecimal(i);
			return d == null ? null : d.toPlainString().getBytes(StandardCharsets.US_ASCII);
		}
		String s = rs.getString(i);
		return s == null ? null : s.getBytes(StandardCharsets.UTF_8);
	}

	static byte[] read(DataInputStream in) throws IOException {
		int n = in.readInt();
		if (n < 0) {
			return null;
		}
		byte[] b = new byte[n];
		in.readFully(b);
		return b;
	}

	static void write(DataOutputStream out, byte[] b) throws IOException {
		out.writeInt(b == null ? -1 : b.length);
		if (b != null) {
			out.write(b);
		}
	}
}
