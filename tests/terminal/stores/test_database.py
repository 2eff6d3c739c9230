from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from terminal.stores.database import connect, create_private


@pytest.mark.parametrize(
    "name", ["plain.db", "with space.db", "50%25.db", "what?mode=ro.db", "no#1.db", "名.db"]
)
@pytest.mark.parametrize("immutable", [False, True])
def test_any_path_names_its_own_file(tmp_path: Path, name: str, immutable: bool) -> None:
    path = tmp_path / name
    create_private(path)
    with closing(connect(path)) as connection:
        connection.execute("CREATE TABLE mark (value TEXT)")
    with closing(connect(path, immutable=immutable)) as connection:
        assert connection.execute("SELECT count(*) FROM mark").fetchone() == (0,)
    assert [one.name for one in tmp_path.iterdir()] == [name]
