"""What work on a lake leaves beside it follows the lake, and two lakes share nothing."""

from pathlib import Path

import pytest

from truerisk.errors import LakeError
from truerisk.lake.home import home, repository
from truerisk.lake.lake import open_lake


def test_every_lake_has_a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRUERISK_LAKE", raising=False)
    monkeypatch.chdir(tmp_path)
    own = repository() / ".truerisk"
    assert home() == home(own / "lake") == own
    assert home("a") == home(tmp_path / "a") == tmp_path / "a.home"
    assert home("s3://bucket/lake/") == Path.home() / ".truerisk" / "bucket" / "lake"
    monkeypatch.setenv("TRUERISK_LAKE", str(tmp_path / "a"))
    assert home() == tmp_path / "a.home"
    roots = [own / "lake", own / "demo" / "lake", "a", "b", "a/lake", "s3://b/a", "s3://b/a/lake"]
    assert len({home(str(root)) for root in roots}) == len(roots)


@pytest.mark.parametrize("root", ["gs://bucket/lake", "s3a://bucket/lake", "s3://", "s3:/b/lake"])
def test_a_lake_at_a_place_that_truerisk_cannot_reach_is_refused(
    root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUERISK_LAKE", root)
    for act in (lambda: open_lake(root), open_lake, home):
        with pytest.raises(LakeError, match=r"s3://BUCKET/PATH\.$"):
            act()
    assert not any(tmp_path.iterdir())
