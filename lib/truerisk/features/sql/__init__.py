"""The SQL of features: plain strings, so that what ran can be read and run again anywhere.

Times are whole microseconds since 1970 (UTC) in every table, so that no engine's own idea of
intervals, zones or rounding takes part. ``__spine`` has __row, __as_of and the entity columns; a
source's view has __time_us, __available_us and __key beside its own columns.
"""
