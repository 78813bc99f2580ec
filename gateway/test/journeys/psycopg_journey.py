"""One journey by psycopg 3: each step is named; prints one JSON object of step to "ok" or to what went wrong."""
import hashlib
import json
import os
import threading
import time
import traceback

import psycopg
from psycopg import errors
from psycopg.types.json import Jsonb

WAY = os.environ["JOURNEY_WAY"]
results = {}


def step(function):
    try:
        with psycopg.connect("", autocommit=True, prepare_threshold=5) as connection:
            function(connection)
        results[function.__name__] = "ok"
    except Exception:
        results[function.__name__] = traceback.format_exc(limit=3)


def parameters_and_types(c):
    import datetime
    import decimal
    import uuid

    values = (42, "Zoë", None, True, decimal.Decimal("12.340"), datetime.date(2024, 5, 6), uuid.UUID(int=7), [1, 2, None], b"\x00\xff")
    sql = "select %s::int, %s::text, %s::text, %s::bool, %s::numeric, %s::date, %s::uuid, %s::int[], %s::bytea"
    assert c.execute(sql, values).fetchone() == values
    assert c.execute("select %s::jsonb", [Jsonb({"a": [1]})]).fetchone() == ({"a": [1]},)


def binary_results(c):
    cursor = c.cursor(binary=True)
    row = cursor.execute("select 7::int4, 9007199254740993::int8, 1.5::float8, 'ü', '\\x00ff'::bytea, true, 1.25::numeric").fetchone()
    assert row[:6] == (7, 9007199254740993, 1.5, "ü", b"\x00\xff", True), row
    assert cursor.description[0].type_code == 23
    rows = cursor.execute("select id, name, created_at from customers order by id").fetchall()
    assert rows == c.execute("select id, name, created_at from customers order by id").fetchall() and len(rows) == 300


def a_million_rows_as_a_stream(c):
    # It takes 20 s, nearly all of them Python's own: without the gateway some show that the step itself is right.
    rows = 10000 if WAY == "direct" else 1000000
    count = total = 0
    for n, words in c.cursor(binary=True).stream(f"select n, 'row ' || n from generate_series(1, {rows}) n"):
        count += 1
        total += n
    assert (count, total, words) == (rows, rows * (rows + 1) // 2, f"row {rows}")


def server_side_cursor(c):
    with c.transaction(), c.cursor(name="named", scrollable=True) as cursor:
        cursor.execute("select id from orders order by id")
        assert [row[0] for row in cursor.fetchmany(3)] == [1, 2, 3]
        cursor.scroll(100)
        assert cursor.fetchone()[0] == 104
        cursor.scroll(0, mode="absolute")
        assert len(cursor.fetchall()) == 600


def pipeline_mode(c):
    with c.pipeline() as pipeline:
        cursors = [c.execute("select %s::int", [n]) for n in range(200)]
        pipeline.sync()
        assert [cursor.fetchone()[0] for cursor in cursors] == list(range(200))
    try:
        with c.pipeline() as pipeline:
            first = c.execute("select 1")
            c.execute("select 1/%s::int", [0])
            c.execute("select 'never run'")
            pipeline.sync()
        raise AssertionError("the division went through")
    except (errors.DivisionByZero, errors.PipelineAborted):
        pass
    assert c.execute("select 2").fetchone() == (2,)


def executemany(c):
    c.execute("create temp table many (n int, words text)")
    with c.cursor() as cursor:
        cursor.executemany("insert into many values (%s, %s) returning n", [(n, "x" * n) for n in range(500)], returning=True)
        cursor.nextset()
        assert cursor.fetchone() == (1,)
    assert c.execute("select count(*), sum(length(words)) from many").fetchone() == (500, 124750)


def copy_in_and_out(c):
    c.execute("create temp table copied (n int, words text, data bytea)")
    with c.cursor() as cursor:
        with cursor.copy("copy copied from stdin") as copy:
            for n in range(20000):
                copy.write_row((n, None if n % 7 == 0 else f"tab\t line\n {n}", bytes([n % 256])))
        assert cursor.rowcount == 20000
        with cursor.copy("copy copied (n, words) from stdin (format binary)") as copy:
            copy.set_types(["int4", "text"])
            for n in range(20000, 20100):
                copy.write_row((n, "binary"))
        with cursor.copy("copy (select n, words, data from copied order by n) to stdout (format binary)") as copy:
            copy.set_types(["int4", "text", "bytea"])
            rows = list(copy.rows())
        assert len(rows) == 20100 and rows[8] == (8, "tab\t line\n 8", b"\x08") and rows[-1] == (20099, "binary", None)
        data = bytearray()
        with cursor.copy("copy copied (n) to stdout") as copy:
            for block in copy:
                data += block
        assert len(data.splitlines()) == 20100


def copy_that_fails(c):
    c.execute("create temp table checked (n int check (n < 10))")
    for lines, wanted in (("1\n11\n", errors.CheckViolation), ("x\n", errors.InvalidTextRepresentation)):
        try:
            with c.cursor().copy("copy checked from stdin") as copy:
                copy.write(lines * 1000)
            raise AssertionError("the rows went in")
        except wanted:
            pass
    try:
        with c.cursor().copy("copy checked from stdin") as copy:
            copy.write("1\n")
            raise KeyError("the client gives up")
    except (KeyError, errors.QueryCanceled):
        pass
    assert c.execute("select count(*) from checked").fetchone() == (0,)


def errors_reach_the_client(c):
    try:
        c.execute("insert into customers (id, name, email) values (%s, 'x', 'y')", [1])
        raise AssertionError("inserted")
    except errors.UniqueViolation as e:
        d = e.diag
        assert (d.sqlstate, d.severity_nonlocalized, d.table_name, d.constraint_name) == ("23505", "ERROR", "customers", "customers_pkey")
        assert d.message_detail == "Key (id)=(1) already exists."
    try:
        c.execute("select 1 where nosuch")
        raise AssertionError("selected")
    except errors.UndefinedColumn as e:
        assert e.diag.statement_position == "16"


def transactions_after_errors(c):
    with c.transaction():
        c.execute("create temp table t (n int) on commit drop")
        try:
            with c.transaction():
                c.execute("insert into t values (1)")
                c.execute("select 1/0")
        except errors.DivisionByZero:
            pass
        assert c.execute("select count(*) from t").fetchone() == (0,)
        assert c.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
    try:
        with c.transaction():
            try:
                c.execute("select 1/0")
            except errors.DivisionByZero:
                pass
            c.execute("select 1")
        raise AssertionError("went on in an aborted transaction")
    except errors.InFailedSqlTransaction:
        pass
    assert c.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def isolation_levels(c):
    c.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    with c.transaction():
        assert c.execute("show transaction_isolation").fetchone() == ("serializable",)


def cancel(c):
    timer = threading.Timer(0.5, c.cancel)
    timer.start()
    started = time.monotonic()
    try:
        c.execute(f"select pg_sleep(30) as psycopg_{WAY}_sleep")
        raise AssertionError("slept to the end")
    except errors.QueryCanceled:
        pass
    assert time.monotonic() - started < 5
    assert c.execute("select 'after'").fetchone() == ("after",)
    with psycopg.connect("", autocommit=True) as other:
        assert other.execute(f"select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '%%psycopg_{WAY}_sleep%%'").fetchone() == (0,)


def notifications_and_notices(c):
    heard = []
    c.add_notice_handler(lambda notice: heard.append(notice.message_primary))
    c.execute("do $$ begin raise notice 'noticed'; end $$")
    assert heard == ["noticed"]
    c.execute("listen py_news")
    with psycopg.connect("", autocommit=True) as other:
        other.execute("select pg_notify('py_news', 'payload')")
    notify = next(c.notifies())
    assert (notify.channel, notify.payload) == ("py_news", "payload")


def prepared_statements_are_reused(c):
    for n in range(1, 30):
        assert c.execute("select name from customers where id = %s", [n]).fetchone() == (f"Customer {n}",)
    assert c.execute("select count(*) from pg_prepared_statements").fetchone()[0] >= 1
    for n in range(200):
        c.execute(f"select {n} + %s::int", [1], prepare=True)
    assert c.execute("select count(*) from pg_prepared_statements").fetchone()[0] <= 110


def large_values(c):
    data = b"abc" * 2000000
    assert c.execute("select md5(%b::bytea)", [data]).fetchone() == (hashlib.md5(data).hexdigest(),)
    assert len(c.execute("select repeat('ü', 3000000)").fetchone()[0]) == 3000000


def session_information(c):
    info = c.info
    assert info.server_version >= 150000 and info.encoding == "utf-8" and info.parameter_status("standard_conforming_strings") == "on"
    c.execute("set application_name = 'journey'")
    assert info.parameter_status("application_name") == "journey"
    c.execute("set client_encoding = 'LATIN1'")
    assert c.execute("select chr(252)").fetchone() == ("ü",)


for function in (
    parameters_and_types, binary_results, a_million_rows_as_a_stream, server_side_cursor, pipeline_mode, executemany, copy_in_and_out,
    copy_that_fails, errors_reach_the_client, transactions_after_errors, isolation_levels, cancel, notifications_and_notices,
    prepared_statements_are_reused, large_values, session_information,
):
    step(function)
print(json.dumps(results))
