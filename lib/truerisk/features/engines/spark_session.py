"""A Spark session that computes as DuckDB does: UTC, errors instead of nulls, nothing printed.

The first session of a process starts Spark, with its Java process writing to a log file; every
engine then has a session of its own on it, with its own views and settings.
"""

import atexit
import logging
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truerisk.errors import ProblemError, told

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What makes a number the same as DuckDB's; ANSI: an overflow or a bad cast is an error, not null.
FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
}
DEFAULTS = {
    "spark.app.name": "truerisk",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def spark_session(conf: Mapping[str, str], where: str) -> "SparkSession":
    """A new session with ``conf``, starting Spark where this process has not yet.

    Raises ProblemError where pyspark, sqlglot or Java are missing, where Spark does not start, and
    where ``conf`` asks for what cannot be.
    """
    for key, value in FIXED.items():
        if conf.get(key, value).lower() != value.lower():
            raise ProblemError(
                f'{where}: compute.spark sets "{key}" to {conf[key]!r}, and features are the same '
                f"on every engine only with {value!r}; leave it out."
            )
    try:
        from pyspark import SparkContext
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ProblemError(
            f'{where}: the engine "spark" needs pyspark, which is not installed; '
            'run pip install "truerisk[spark]".'
        ) from error
    # PySpark also logs what it raises.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        # It warns of pandas 3; nothing but Arrow passes between Spark and truerisk.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        context = SparkContext._active_spark_context or _start(conf, where)
    session = SparkSession(context).newSession()
    for key, value in conf.items():
        if key.startswith("spark.sql.") and session.conf.isModifiable(key):
            session.conf.set(key, value)
        elif context.getConf().get(key) != value:
            raise ProblemError(
                f'{where}: compute.spark sets "{key}" to {value!r}, and Spark already runs in this '
                f"process with {context.getConf().get(key)!r}; start a new process."
            )
    for key, value in FIXED.items():
        session.conf.set(key, value)
    return session


def _start(conf: Mapping[str, str], where: str) -> Any:
    """Start Spark; the Java process writes to a file, named where it fails, else removed."""
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkException
    from pyspark.java_gateway import launch_gateway

    home = os.environ.get("JAVA_HOME")
    java = os.path.join(home, "bin", "java") if home else "java"
    if shutil.which(java) is None:
        raise ProblemError(
            f'{where}: the engine "spark" needs Java 17 or newer, and there is no {java}; install '
            "a Java runtime, or set JAVA_HOME to one."
        )
    handle, log = tempfile.mkstemp(prefix="truerisk-spark-", suffix=".log")
    settings = SparkConf(loadDefaults=False).setAll(list({**DEFAULTS, **conf}.items()))
    try:
        gateway = launch_gateway(settings, {"stdout": handle, "stderr": subprocess.STDOUT})
        context = SparkContext(gateway=gateway, conf=SparkConf(_jvm=gateway.jvm))
    except PySparkException as error:
        raise ProblemError(
            f"{where}: Spark does not start ({told(error)}); what Java said is in {log}."
        ) from error
    finally:
        os.close(handle)
    context.setLogLevel("OFF")  # errors are raised, each as one sentence
    atexit.register(Path(log).unlink, missing_ok=True)
    return context


def stop_spark() -> None:
    """End this process's Spark and its Java process, where one was started; for tests."""
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    if context is None:
        return
    gateway: Any = context._gateway
    context.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()
    SparkContext._gateway = SparkContext._jvm = None
