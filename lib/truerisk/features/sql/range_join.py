"""The general formulation: a range join over the longest window, an aggregate per feature.

Exact for every aggregate, every availability and any order of rows. Distinct values are counted
through LAG where one delay holds for all rows, else by COUNT(DISTINCT).
"""

from truerisk.features.sql.aggregate import expression, needs_order
from truerisk.features.sql.group import Group, microseconds
from truerisk.features.sql.rows import events, spine, visible
from truerisk.lake.duck import quote


def range_join(group: Group) -> str:
    """The row numbers and the group's features, one row per row of the spine."""
    selected = ",\n  ".join(f"{expression(a, group)} AS {quote(a.name)}" for a in group.aggregates)
    return f"""SELECT s.__row,
  {selected}
FROM {spine(group)} s LEFT JOIN (
  {events(group, needs_order(group))}) e
 ON e.__k = s.{quote(group.by)} AND {visible(group)}
AND e.__t >= s.__as_of - {microseconds(group.longest)}
GROUP BY s.__row"""
