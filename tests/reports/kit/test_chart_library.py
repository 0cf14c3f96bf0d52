"""The charting library is bundled once a version, and a damaged copy is never used."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import vl_convert

from truerisk.reports.kit import chart_library as module
from truerisk.reports.kit.chart_library import chart_library


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The versions that were bundled, of a library that stands in for Vega."""
    versions: list[str] = []

    def bundle(exported: str, version: str) -> str:
        versions.append(version)
        return "let é = '</script>';\r\n"

    monkeypatch.setattr(vl_convert, "javascript_bundle", bundle)
    monkeypatch.setattr(module, "kept", lambda: tmp_path / "kept")
    chart_library.cache_clear()
    yield versions
    chart_library.cache_clear()


def again() -> str:
    chart_library.cache_clear()
    return str(chart_library())


def test_it_is_bundled_once_and_is_the_same_when_kept(made: list[str], tmp_path: Path) -> None:
    first = again()
    assert first == "let é = '<\\/script>';\r\n" and again() == first
    (path,) = (tmp_path / "kept").iterdir()
    assert len(made) == 1 and made[0] in path.name


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-3], lambda b: b.replace(b"let", b"LET"), lambda b: b""]
)
def test_a_damaged_copy_is_made_again(
    made: list[str], tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    first = again()
    (path,) = (tmp_path / "kept").iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert again() == first and len(made) == 2 and path.read_bytes() == whole


def test_where_nothing_can_be_kept_it_is_made_every_time(made: list[str], tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder would be")
    assert again() == again() and len(made) == 2
