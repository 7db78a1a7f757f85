"""Files of any size: the same bytes for the same rows, what the Hub's viewer asks for, in shards of a bounded size."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.publish import parquet, rows
from open_thoughts_gen.publish.columns import arrow_schema, default_columns
from open_thoughts_gen.publish.parquet import SplitFiles, write_parquet
from open_thoughts_gen.recipe import Publish
from tests.publish.finished import samples

SCHEMA = arrow_schema(default_columns({}, {}))
TEXT = pa.schema([("text", pa.string())])


def test_the_file_is_the_same_bytes_and_what_the_viewer_asks_for(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with SplitFiles(tmp_path / name, "train", SCHEMA) as shards:
            for sample in samples(200):
                shards.add(rows.DefaultRows(Publish()).row(sample))
    (file,) = shards.files
    assert (tmp_path / "a" / file.name).read_bytes() == file.read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["train-00000-of-00001.parquet"]
    metadata = pq.read_metadata(file)
    assert b"huggingface" in metadata.metadata
    assert metadata.row_group(0).column(0).has_offset_index
    assert metadata.num_rows == shards.num_rows == 200
    assert shards.num_bytes == pytest.approx(pq.read_table(file).nbytes, rel=0.01)


def test_a_large_split_is_written_in_shards_of_bounded_groups(tmp_path: Path) -> None:
    num = 2 * parquet.MAX_SHARD_BYTES // 1_000_000
    with SplitFiles(tmp_path, "train", TEXT) as shards:
        for number in range(num):
            shards.add({"text": f"{number:09} " * 100_000})
    assert [file.name for file in shards.files] == [f"train-{i:05}-of-00003.parquet" for i in range(3)]
    told = [pq.read_metadata(file) for file in shards.files]
    assert sum(each.num_rows for each in told) == num
    for each in told:
        sizes = [each.row_group(i).total_byte_size for i in range(each.num_row_groups)]
        assert sum(sizes) < parquet.MAX_SHARD_BYTES * 1.02
    first = [row for file in shards.files for row in pq.read_table(file)["text"].to_pylist()]
    assert [int(text[:9]) for text in first] == list(range(num))


def test_no_rows_are_a_file_too(tmp_path: Path) -> None:
    with SplitFiles(tmp_path, "test", TEXT) as shards:
        pass
    assert pq.read_table(shards.files[0]).num_rows == shards.num_rows == 0


def test_an_error_leaves_no_file_under_its_name(tmp_path: Path) -> None:
    shards = SplitFiles(tmp_path, "train", TEXT)
    with pytest.raises(pa.ArrowTypeError), shards:
        shards.add({"text": 1})
    assert not any(file.exists() for file in shards.files)


def test_the_bytes_do_not_depend_on_how_rows_are_handed_in(tmp_path: Path) -> None:
    made = [{"text": f"row {i} " * (i % 90)} for i in range(1000)]
    write_parquet(tmp_path / "a", made, TEXT)
    write_parquet(tmp_path / "b", iter(made), TEXT)
    pq.write_table(
        pa.Table.from_pylist(made, schema=TEXT),
        tmp_path / "c",
        compression="snappy",
        use_content_defined_chunking=True,
        write_page_index=True,
    )
    assert len({(tmp_path / name).read_bytes() for name in "abc"}) == 1
