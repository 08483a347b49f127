"""What SQLite cannot do is told in a sentence that names the file."""

from pathlib import Path

import pytest

from dockerlab.engine.errors import DataLoss, SystemFailure
from dockerlab.engine.metadata.database import Database


def test_what_becomes_read_only(tmp_path: Path) -> None:
    database = Database(tmp_path / "metadata.db")
    database.rows("PRAGMA query_only = ON")
    with pytest.raises(SystemFailure) as refused, database.transaction() as connection:
        connection.execute("DELETE FROM images")
    assert str(refused.value) == (
        f"{tmp_path}/metadata.db cannot be written (attempt to write a readonly database): "
        "its disk is read-only or failing"
    )
    database.rows("PRAGMA query_only = OFF")
    with database.transaction() as connection:
        connection.execute("DELETE FROM images")
    database.close()


def test_what_cannot_be_opened_and_what_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(SystemFailure, match="directory cannot be written"):
        Database(tmp_path / "directory")
    (tmp_path / "text").write_text("text" * 1000)
    with pytest.raises(DataLoss, match="is not a database of this engine"):
        Database(tmp_path / "text")
