"""A section that fails is a section less, with its reason; the others stand."""

from threading import Event

import numpy as np
import pytest

from truerisk.errors import LogError
from truerisk.isolated import Lost, beside, isolated
from truerisk.reports.kit.blocks import Text
from truerisk.reports.kit.page import Section, page
from truerisk.reports.model import page as model_page
from truerisk.reports.monitor import page as monitor_page


def broken(*_):
    raise KeyError("a value of somebody's row")


def trained(problem, i):
    return model_page.train_page(problem, i.dataset, i.parts, i.review, i.about)


def test_what_is_made_is_given_and_what_is_not_says_why():
    assert isolated(lambda: 3) == 3
    lost = isolated(lambda: np.linalg.inv(np.zeros((2, 2))))
    assert isinstance(lost, Lost)
    assert "LinAlgError" in lost

    def refused():
        raise LogError("The log has no column.")

    assert isolated(refused) == "The log has no column."
    assert "somebody" not in isolated(broken)
    with pytest.raises(KeyboardInterrupt):
        isolated(lambda: (_ for _ in ()).throw(KeyboardInterrupt()))


def test_what_is_made_beside_a_block_runs_with_it_and_fails_alone():
    one, other = Event(), Event()

    def made():
        one.set()
        return other.wait(10)

    with beside(made) as given, beside(broken) as missing:
        assert one.wait(10)
        other.set()
    assert given() is True
    assert "KeyError" in missing()
    assert "somebody" not in missing()


def test_a_section_that_fails_is_one_less_and_its_reason_stands_there():
    sections = [
        Section("First", lambda: [Text("stands")]),
        Section("Second", broken),
        Section("Third", [Text("stands too")]),
    ]
    text = page("Title", "lead", broken, sections)
    assert "<p>stands</p>" in text
    assert "stands too" in text
    assert text.count("a mistake in truerisk (KeyError") == 2, "the summary's and the second"
    assert "somebody" not in text


@pytest.mark.slow
def test_the_monitor_page_is_there_without_some_parts(problem, monkeypatch):
    from tests.reports import looks

    parts = ("quality", "fair", "drifted", "summary", "in_dollars")
    for name in parts:
        monkeypatch.setattr(monitor_page, name, broken)
    text = monitor_page.measure_page(problem, looks.monitor())
    assert text.count("a mistake in truerisk (KeyError") == len(parts)
    assert "Month by month" in text


@pytest.mark.slow
def test_the_training_report_is_there_without_some_parts(problem, train_inputs, monkeypatch):
    assert "a mistake in truerisk" not in trained(problem, train_inputs())
    parts = ("_calibration", "_threshold", "train_summary", "_open")
    for name in parts:
        monkeypatch.setattr(model_page, name, broken)
    text = trained(problem, train_inputs())
    assert text.count("a mistake in truerisk (KeyError") == len(parts)
    assert "truerisk approve" in text


@pytest.mark.slow
def test_no_section_of_an_ordinary_monitor_page_is_lost(problem):
    from tests.reports import looks

    assert "a mistake in truerisk" not in monitor_page.measure_page(problem, looks.monitor())
