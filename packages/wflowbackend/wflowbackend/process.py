"""The program of an engine: `wflow-process setupFromURL generic_onsuccess cleanup --config-from-server ID`."""

import argparse
import logging
import os
import re
import socket
import sys

from . import cleanup, context, engine, inputs, results
from .problem import Problem

log = logging.getLogger("wflowbackend.process")

SETUP = {"setupFromURL": inputs.setup_from_url}
ON_SUCCESS = {"generic_onsuccess": results.generic_onsuccess}
TEARDOWN = {"cleanup": cleanup.cleanup}

# where Kubernetes reads why a container has ended
TERMINATION_LOG = "/dev/termination-log"
LONGEST_REASON = 1000


def main(argv=None):
    """Runs a request from its context to its results; the exit code says whether all of it was done."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="wflow-process")
    parser.add_argument("setup", choices=SETUP)
    parser.add_argument("onsuccess", choices=ON_SUCCESS)
    parser.add_argument("teardown", choices=TEARDOWN)
    parser.add_argument("--config-from-server", required=True, metavar="ID", dest="wflowid")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s | %(name)20.20s | %(levelname)6s | %(message)s")
    log.info("processing %s", argv)
    try:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?", options.wflowid):
            raise Problem("the id of a request: given {!r}, allowed: a DNS label of at most 50 characters".format(options.wflowid[:60]))
        process(options)
    except Problem as problem:
        return failed(str(problem))
    except Exception as error:  # whatever Yadage and a user's workflow come up with
        log.exception("the workflow failed")
        return failed("{}: {}".format(type(error).__name__, error))
    log.info("the request is done")
    return 0


def process(options):
    log.info("acquiring context from wflowserver for %s", options.wflowid)
    ctx = context.acquire(options.wflowid)
    log.info("running analysis on worker: %s", socket.gethostname())
    workdir = os.path.join(os.getcwd(), "workdirs", options.wflowid)
    SETUP[options.setup](ctx, workdir)
    engine.run(ctx, workdir)
    ON_SUCCESS[options.onsuccess](ctx, workdir)
    TEARDOWN[options.teardown](ctx, workdir)


def failed(reason):
    """Says why, in the log and where Kubernetes looks for it."""
    line = " ".join(reason.split())[:LONGEST_REASON]
    log.error("the request failed: %s", line)
    try:
        with open(os.environ.get("WFLOW_TERMINATION_LOG", TERMINATION_LOG), "w", encoding="utf-8") as file:
            file.write(line)
    except OSError:
        pass
    return 1


if __name__ == "__main__":
    sys.exit(main())
