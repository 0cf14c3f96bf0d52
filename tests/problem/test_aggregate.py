"""What a window's aggregates may say, and the names they give."""

from datetime import timedelta

import pytest

from truerisk.problem.aggregate import aggregates, parse_aggregate

WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "name", "columns"),
    [
        ("count", "pay__count__7d", set()),
        ("sum(amount)", "pay__sum_amount__7d", {"amount"}),
        ("since_first", "pay__since_first__7d", set()),
        ("share where late", "pay__share_where_late__7d", {"late"}),
        ("std(x) where kind = 'card'", "pay__std_x_where_kind_eq_card__7d", {"x", "kind"}),
        ("count where a >= 1 and b <> 2", "pay__count_where_a_ge_1_and_b_ne_2__7d", {"a", "b"}),
        ("sum(x) where k = 'card' as spent", "pay__spent__7d", {"x", "k"}),
        ("count as n", "pay__n__7d", set()),
        ("min(x)\n where cast(k as integer) = 3", "pay__min_x_where_cast_k_as_integer_eq_3__7d",
         {"x", "k"}),
    ],
)  # fmt: skip
def test_the_name_follows_from_the_text(text: str, name: str, columns: set[str]) -> None:
    made = parse_aggregate("pay", text, WEEK)
    assert (made.name, made.columns, made.window) == (name, columns, WEEK)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("median(x)", "is 'median(x)'; allowed: count, since_last, since_first, sum(x)"),
        ("sum", "is 'sum'; allowed"),
        ("count(x)", "is 'count(x)'; allowed"),
        ("share", "needs its where, as in 'share where days_late > 0'"),
        ("count where x >", "'x >' is not a SQL expression"),
        ("count where (select 1)", "no subquery"),
        ("count where x = 1; drop table y", "is not a SQL expression"),
        ("count where sum(x) over () > 1", "no window function"),
        ("sum(x) as Spent", "is 'sum(x) as Spent'; allowed"),
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(ValueError) as told:
        parse_aggregate("pay", text, WEEK)
    assert said in str(told.value)


def test_every_window_has_every_aggregate_in_order() -> None:
    made = aggregates("pay", [WEEK, timedelta(days=30)], ["count", "sum(x)"])
    assert [a.name for a in made] == [
        "pay__count__7d", "pay__sum_x__7d", "pay__count__30d", "pay__sum_x__30d",
    ]  # fmt: skip
