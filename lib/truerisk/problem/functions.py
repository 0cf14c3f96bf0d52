"""The functions, operators and types of a definition: each a function of its arguments alone.

An allow-list: DuckDB has some that read a clock, a setting, a sequence or a random generator, marks
not all of them so (``age(t)`` counts from today, ``current_localtimestamp()``), and gets more. What
is named here gives equal results for equal arguments, in any batch, on any day, in any version.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ROW = _words("""
    + - * / // % ** ^ & | << >> ~ || @
    ~~ !~~ ~~* !~~* ~~~ like_escape not_like_escape ilike_escape not_ilike_escape ->> ^@
    abs sign ceil ceiling floor round round_even trunc sqrt cbrt exp ln log log2 log10 pow power
    mod greatest least add subtract multiply divide fmod fdiv isnan isinf isfinite even
    sin cos tan asin acos atan atan2 pi degrees radians xor bit_count gcd lcm
    nullif if
    lower upper lcase ucase length len strlen char_length character_length trim ltrim rtrim
    replace substr substring left right concat concat_ws contains starts_with ends_with prefix
    suffix position strpos instr split_part lpad rpad reverse repeat translate
    strip_accents ascii ord chr unicode format printf md5 sha256 sha1 hex unhex
    levenshtein editdist3 damerau_levenshtein hamming mismatches jaccard jaro_similarity
    jaro_winkler_similarity
    regexp_matches regexp_full_match regexp_extract regexp_replace regexp_escape
    age date_diff datediff date_sub datesub date_part datepart date_trunc datetrunc date_add
    time_bucket last_day make_date make_time make_timestamp make_timestamptz days_in_month
    year quarter month week day hour minute second millisecond microsecond decade century
    dayofmonth dayofweek dayofyear isodow isoyear weekday weekofyear yearweek dayname monthname
    epoch epoch_ms epoch_us epoch_ns julian strftime strptime try_strptime to_timestamp timezone
    to_years to_quarters to_months to_weeks to_days to_hours to_minutes to_seconds
    to_milliseconds to_microseconds
    list_value array_value list_contains list_has array_contains list_has_any list_has_all
    array_length list_position list_extract list_element element_at array_extract list_sum list_avg
    list_min list_max list_count list_unique string_split str_split string_to_array
    array_to_string
    json_extract json_extract_string json_value json_exists json_valid json_array_length json_type
""")
# The value of one needs no order of the rows.
AGGREGATES = _words("""
    count count_star count_if countif sum avg mean min max median quantile quantile_cont
    quantile_disc mad stddev stddev_samp stddev_pop variance var_samp var_pop sem skewness kurtosis
    kurtosis_pop entropy corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept
    regr_r2 regr_slope regr_sxx regr_sxy regr_syy bool_and bool_or bit_and bit_or bit_xor product
    histogram favg fsum kahan_sum sumkahan arg_max arg_min argmax argmin max_by min_by geomean
    geometric_mean
""")
# The value of one depends on the order of the rows, which must be said.
IN_ORDER = _words("""
    first last any_value arbitrary mode list array_agg string_agg group_concat listagg
""")
NUMBERED = _words("""
    row_number rank dense_rank rank_dense percent_rank cume_dist ntile lag lead first_value
    last_value nth_value fill
""")
# Of lists, structs and maps on their way to plain columns, in queries alone.
SHAPES = _words("""
    unnest range generate_series row struct_pack struct_extract map map_extract map_keys map_values
    list_transform list_filter list_sort list_reverse_sort list_concat list_slice flatten
    list_aggregate list_append list_prepend list_first list_last list_zip array_slice
    regexp_extract_all regexp_split_to_array string_split_regex str_split_regex
""")
QUERY = ROW | AGGREGATES | IN_ORDER | NUMBERED | SHAPES
TYPES = _words("""
    boolean bool logical tinyint smallint integer int int1 int2 int4 int8 int16 int32 int64 bigint
    short long signed hugeint utinyint usmallint uinteger ubigint uhugeint float float4 float8 real
    double decimal numeric dec varchar text string char bpchar date time timestamp datetime
    timestamptz timestamp_s timestamp_ms timestamp_ns interval list json
""") | {"timestamp with time zone", "timestamp without time zone", "double precision"}
# Bare words that DuckDB takes for a function where no column has the name.
CLOCKS = _words("""
    current_date current_time current_timestamp localtime localtimestamp current_user session_user
    current_role current_schema current_catalog current_database
""")
# This argument, a number or a text that holds numbers, says how long the text becomes.
LENGTHS = {"repeat": 1, "lpad": 1, "rpad": 1, "printf": 0, "format": 0}
LONGEST_TEXT = 100_000  # characters that the lengths of one expression may multiply to
ARGUMENTS = {"age": 2}  # with fewer, the rest is the clock's
