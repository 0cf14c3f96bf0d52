"""The range join for short windows on hot keys: joined on (entity, bucket of time) instead.

A bucket is as long as the longest window, so that a window touches its own bucket and the one
before, and an entity with a million events meets an application only in those two.
"""

from truerisk.features.sql.aggregate import expression, needs_order
from truerisk.features.sql.group import Group, microseconds
from truerisk.features.sql.names import AS_OF, ROW
from truerisk.features.sql.rows import events, spine, visible
from truerisk.lake.duck import quote


def bucketed(group: Group) -> str:
    """The row numbers and the group's features, one row per row of the spine."""
    width = microseconds(group.longest)
    selected = ",\n  ".join(f"{expression(a, group)} AS {quote(a.name)}" for a in group.aggregates)
    bucket = f"{_start('__time_us', width)} AS __bucket"
    by = quote(group.by)
    return f"""SELECT s.__row,
  {selected}
FROM (
  SELECT {ROW}, {AS_OF}, {by}, {_start(AS_OF, width)} - __back AS __bucket
  FROM {spine(group)} CROSS JOIN (SELECT 0 AS __back UNION ALL SELECT {width}) AS buckets) s
LEFT JOIN (
  {events(group, needs_order(group), bucket)}) e
 ON e.__k = s.{by} AND e.__bucket = s.__bucket AND {visible(group)}
AND e.__t >= s.__as_of - {width}
GROUP BY s.__row"""


def _start(time: str, width: int) -> str:
    """Where the bucket of a time begins, in whole microseconds, also before 1970."""
    return f"{time} - MOD(MOD({time}, {width}) + {width}, {width})"
