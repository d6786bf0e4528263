"""A Spark cluster on this machine from the PyPI package alone: a master, two workers, a server for Spark Connect."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pyspark

_HOME = Path(pyspark.__file__).parent
_HOST = "127.0.0.1"
_PATIENCE = 120  # seconds until something that was started must listen
_MODEST = {
    "spark.executor.memory": "512m",
    "spark.driver.memory": "512m",
    "spark.driver.host": _HOST,
    "spark.connect.grpc.binding.address": _HOST,
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
}


@contextlib.contextmanager
def cluster(folder):
    """Start one below `folder`, yield its address (`sc://…`), and end the processes that were started, no others."""
    master, connect = _free_port(), _free_port()
    address = f"spark://{_HOST}:{master}"
    settings = [word for name, value in _MODEST.items() for word in ("--conf", f"{name}={value}")]
    with contextlib.ExitStack() as stack:

        def start(name, port, *command):
            process = stack.enter_context(_running(folder, name, command))
            return lambda: _wait_for(process, port, folder / f"{name}.log", name)

        def place(port):
            return "--host", _HOST, "--port", str(port), "--webui-port", str(_free_port())

        start("master", master, "bin/spark-class", "org.apache.spark.deploy.master.Master", *place(master))()
        waits = []
        for name in ("worker1", "worker2"):
            port, work = _free_port(), str(folder / name)
            size = ("--cores", "1", "--memory", "1g", "--work-dir", work)
            worker = ("bin/spark-class", "org.apache.spark.deploy.worker.Worker", *place(port), *size, address)
            waits.append(start(name, port, *worker))
        listen = ("--conf", f"spark.connect.grpc.binding.port={connect}")
        server = ("sbin/start-connect-server.sh", "--master", address, *settings, *listen)
        waits.append(start("connect", connect, *server))
        for wait in waits:
            wait()
        yield f"sc://{_HOST}:{connect}"


@contextlib.contextmanager
def _running(folder, name, command):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")} | {
        "SPARK_HOME": str(_HOME),
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": _HOST,
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_LOG_DIR": str(folder),
        "SPARK_PID_DIR": str(folder),
        "SPARK_NO_DAEMONIZE": "1",
    }
    with (folder / f"{name}.log").open("wb") as output:
        process = subprocess.Popen(
            [_HOME / command[0], *command[1:]],
            stdout=output,
            stderr=output,
            env=environ,
            cwd=folder,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the group is its own: the scripts, their Java, its executors
            process.wait()


def _wait_for(process, port, log, name):
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as knock:
            if knock.connect_ex((_HOST, port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.2)  # it tells nobody when it is ready
    raise RuntimeError(f"Spark's {name} does not listen:\n{log.read_text(errors='replace')[-3000:]}")


def _free_port():
    with socket.socket() as free:
        free.bind((_HOST, 0))
        return free.getsockname()[1]
