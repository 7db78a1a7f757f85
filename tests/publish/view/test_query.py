"""Questions about rows: counts and pages agree with the rows, and what a client sends is never SQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.publish.view.contents import contents_of
from open_thoughts_gen.publish.view.facets import MAX_BARS, nice_step
from open_thoughts_gen.publish.view.plain import plain
from open_thoughts_gen.publish.view.query import Chosen, PageQuery, RowQuery, Rows, UnknownNameError
from open_thoughts_gen.tables.labels import Labelled, RowKey
from tests.publish.view.folders import row, run_folder, small_run

LABELS = {RowKey(f"{5:016x}", 0): Labelled(id=f"{5:016x}", attempt=0, label="bad", note="wrong")}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    folder = tmp_path_factory.mktemp("view")
    tables = Rows(contents_of(small_run(folder / "run")), LABELS, folder)
    yield tables
    tables.close()


def page(rows: Rows, **query: Any) -> list[int]:
    return [each["n"] for each in rows.page(rows.cursor(), PageQuery(table="rows", **query))["rows"]]


def bars(rows: Rows, facet: str, **query: Any) -> dict[Any, int]:
    counts = rows.facets(rows.cursor(), RowQuery(table="rows", **query))
    return {bar["value"]: bar["num"] for each in counts if each["name"] == facet for bar in each["bars"]}


def test_the_tables_of_a_run(rows: Rows) -> None:
    assert rows.tables == {"rows": 60, "dropped": 1}


def test_a_page_is_in_the_order_of_the_files(rows: Rows) -> None:
    assert page(rows, limit=3) == [0, 1, 2]
    assert page(rows, limit=3, offset=58) == [58, 59]
    first = rows.page(rows.cursor(), PageQuery(table="rows"))["rows"][5]
    assert (first["id"], first["outcome"], first["label"]) == (f"{5:016x}", "correct", "bad")


def test_facets_are_what_repeats_and_what_can_be_measured(rows: Rows) -> None:
    names = [each["name"] for each in rows.facet_names["rows"]]
    assert names[:5] == ["label", "split", "outcome", "pass_rate", "level"]
    assert {"verdict of math", "clarity", "length of reasoning", "domain"} <= set(names)
    assert not {"teacher", "source", "id", "question", "spec", "verdict of steps"} & set(names)
    assert bars(rows, "outcome") == {"correct": 30, "incorrect": 15, "undecided": 15}
    assert bars(rows, "split") == {"train": 40, "test": 20}
    assert bars(rows, "label") == {None: 59, "bad": 1}
    assert sum(bars(rows, "length of reasoning").values()) == 60


def test_a_facet_is_counted_among_the_rows_that_the_others_let_through(rows: Rows) -> None:
    filters = {"outcome": Chosen(values=["incorrect"]), "level": Chosen(values=["3"])}
    assert bars(rows, "outcome", filters=filters) == {"incorrect": 15}
    assert bars(rows, "level", filters=filters) == {"3": 15}
    assert page(rows, filters=filters, limit=2) == [2, 6]
    assert page(rows, filters={"label": Chosen(values=["bad"])}) == [5]
    assert len(page(rows, filters={"label": Chosen(values=[None])}, limit=100)) == 59
    assert page(rows, filters={"clarity": Chosen(least=1.0, most=1.2)}) == [10, 11, 12]
    assert page(rows, filters={"verdict of math": Chosen(values=["undecided"])}, limit=2) == [3, 7]


def test_rows_are_sorted_by_a_facet(rows: Rows) -> None:
    assert page(rows, order="length of reasoning", descending=True, limit=2) == [59, 58]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("ROW 7**", [7]), ("2 \\cdot 41$", [41]), ("(?i).*", []), ("%", []), ("?\n\nThink of **row 8", [8])],
)
def test_a_search_is_for_the_text_itself_whatever_its_case(rows: Rows, text: str, numbers: list[int]) -> None:
    assert page(rows, search=text) == numbers
    assert sum(bars(rows, "outcome", search=text).values()) == len(numbers)


def test_searches_are_remembered_and_the_oldest_forgotten(rows: Rows) -> None:
    assert [page(rows, search=f"row {i}**") for i in (*range(20), 0)] == [[i] for i in (*range(20), 0)]


def test_a_row_has_all_its_cells_and_what_belongs_to_it(rows: Rows) -> None:
    cursor = rows.cursor()
    assert rows.row(cursor, "rows", 41)["question"] == row(41)["question"]
    assert rows.row(cursor, "rows", 41)["verdicts"] == row(41)["verdicts"]
    relations = [
        [(each["relation"], each["table"], each["n"]) for each in rows.related(cursor, "rows", n)] for n in (0, 1, 2)
    ]
    assert relations == [[("twin", "rows", 1)], [("twin", "rows", 0)], [("attempt", "dropped", 0)]]
    assert rows.number_of(cursor, "dropped", RowKey(f"{2:016x}", None)) == 0


def test_a_label_replaces_the_one_before(tmp_path: Path) -> None:
    tables = Rows(contents_of(small_run(tmp_path / "run", 9)), LABELS, tmp_path)
    cursor = tables.cursor()
    assert tables.label_of(cursor, "rows", 5) == {"id": f"{5:016x}", "attempt": 0, "label": "bad", "note": "wrong"}
    tables.label(cursor, Labelled(id=f"{5:016x}", attempt=0, label="good"))
    assert bars(tables, "label") == {None: 8, "good": 1}
    tables.label(cursor, Labelled(id=f"{5:016x}", attempt=0))
    assert bars(tables, "label") == {None: 9}
    tables.close()


@pytest.mark.parametrize(
    "query",
    [
        {"table": "labels"},
        {"table": "rows", "order": "n; DROP TABLE index_0"},
        {"table": "rows", "filters": {"1=1 --": Chosen(values=["x"])}},
    ],
)
def test_a_name_that_is_not_there_is_refused(rows: Rows, query: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError):
        rows.page(rows.cursor(), PageQuery(**query))
    for number in (-1, 60):
        with pytest.raises(UnknownNameError):
            rows.row(rows.cursor(), "rows", number)


def test_a_value_that_reads_like_sql_is_a_value(rows: Rows) -> None:
    assert page(rows, filters={"outcome": Chosen(values=["x') OR 1=1 --"])}) == []


def test_the_database_reads_no_other_file_and_keeps_its_settings(rows: Rows, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a\n1\n")
    with pytest.raises(duckdb.PermissionException):
        rows.cursor().execute(f"SELECT * FROM read_csv('{tmp_path}/other.csv')")
    with pytest.raises(duckdb.Error, match="locked"):
        rows.cursor().execute("SET enable_external_access = true")


def test_a_search_can_be_interrupted_and_the_next_one_works(tmp_path: Path) -> None:
    long = [row(i, reasoning=f"{i} " * 20_000) for i in range(300)]
    tables = Rows(contents_of(run_folder(tmp_path / "run", long)), {}, tmp_path)
    cursor, stop = tables.cursor(), threading.Event()

    def interrupt() -> None:
        while not stop.wait(0.002):
            cursor.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(duckdb.InterruptException):
        tables.page(cursor, PageQuery(table="rows", search="absent"))
    stop.set()
    thread.join()
    assert page(tables, search="row 7**") == [7]
    tables.close()


def test_names_of_files_and_columns_may_hold_any_sign(tmp_path: Path) -> None:
    names = {'a"b': ["x", "y", "x", "y"], "it's": [1, 2, 1, 2], "prompt": ["p", "q", "r", "s"]}
    file = tmp_path / "it's a [1]*? \".parquet"
    pq.write_table(pa.table(names), file)
    tables = Rows(contents_of(file), {}, tmp_path)
    assert tables.row(tables.cursor(), "rows", 3) == {'a"b': "y", "it's": 2, "prompt": "s"}
    assert page(tables, filters={'a"b': Chosen(values=["y"]), "it's": Chosen(values=["2"])}) == [1, 3]
    assert page(tables, search="R") == [2]
    tables.close()


def test_a_table_without_rows_can_be_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "none.parquet"
    pq.write_table(pa.table({"question": pa.array([], pa.string()), "level": pa.array([], pa.int64())}), file)
    tables = Rows(contents_of(file), {}, tmp_path)
    assert page(tables) == []
    assert bars(tables, "level") == {}
    tables.close()


def test_what_is_not_a_dataset_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("no")
    for path in (tmp_path / "absent", tmp_path / "a.parquet"):
        with pytest.raises(UserError, match=r"no rows to look at|not a Parquet file"):
            contents_of(path)


def test_labels_stand_beside_the_run_also_where_its_dataset_is_named(tmp_path: Path) -> None:
    run = small_run(tmp_path / "run", 6)
    assert {contents_of(path).labels for path in (run, run / "dataset")} == {tmp_path / "run.labels.jsonl"}


def test_cells_are_json_that_a_browser_reads() -> None:
    cells = [float("nan"), 2**60, 2**50, b"abc", {"a": (1, None, True)}, 0.5]
    assert plain(cells) == ["nan", str(2**60), 2**50, "3 bytes", {"a": [1, None, True]}, 0.5]


@pytest.mark.parametrize(
    ("least", "most", "step"), [(0, 24, 1.0), (0, 25, 2.0), (0.1, 0.9, 0.05), (5, 5, 1.0), (-1e9, 1e9, 1e8)]
)
def test_bars_are_of_a_width_that_is_easy_to_read(least: float, most: float, step: float) -> None:
    assert nice_step(least, most) == pytest.approx(step)
    assert (most - least) / nice_step(least, most) <= MAX_BARS
