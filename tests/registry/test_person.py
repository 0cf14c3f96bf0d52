"""Who decides is a person: no run, no blank, nothing that is not seen."""

import pytest

from truerisk.errors import RegistryError
from truerisk.registry.person import person, reason, same_person

PEOPLE = [
    "Ann",
    "ana",
    "Ana-María O'Neil",
    "李小龍",
    "Łukasz",
    "J. R. R.",
    "Jane (risk)",
    "x@y.org",
    "Bot Nguyen",
    "Ana (model risk)",
]
NOBODY = [
    *("", " ", "\t", "\u200b", "\u2800", "\u3164", "\u00a0", "\u200d\u200d", "\ufe0f", "\u202e"),
    *("Ann\x00", "Ann\nBen", "A\u200bnn", "A\u2028nn", "\x1b[31mAnn", "Ann\ud800", "a\u3164b"),
    *("TrainFlow/1769812345", "TrainFlow", "MyFlow/3", "Train/1", "argo/run", "1769812345678"),
    *(
        "root",
        "nobody",
        "CI",
        "github-actions[bot]",
        "root-user",
        "Airflow",
        "run 12",
        "N/A",
        "None",
    ),
    *("---", "42", "9f86d081884c7d65", "0b5f0f34-7f2b-4e2a-9b0a-0d8e4a4b8f11", "x" * 101),
]


@pytest.mark.parametrize("name", PEOPLE)
def test_people_have_many_names(name: str) -> None:
    assert person(f"  {name} ") == name


@pytest.mark.parametrize("name", NOBODY)
def test_nobody_is_refused(name: str) -> None:
    with pytest.raises(RegistryError) as refused:
        person(name)
    assert str(refused.value).isprintable()


def test_a_reason_is_a_line_that_can_be_read() -> None:
    assert reason(" it is better: +$3 an application ") == "it is better: +$3 an application"
    for nothing in ("", "\u200b", "a\nb", "x" * 1001):
        with pytest.raises(RegistryError):
            reason(nothing)


def test_one_person_is_one_however_it_is_written() -> None:
    assert same_person("Ana", "ana") and same_person("José  P", "jose\u0301 p".title())
    assert not same_person("Ana", "Anna")
