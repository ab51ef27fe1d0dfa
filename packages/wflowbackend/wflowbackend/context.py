"""Where an engine gets what it is to do."""

import json
import logging
import os
import time
import urllib.error
import urllib.parse
import urllib.request

from .problem import Problem

log = logging.getLogger(__name__)

ATTEMPTS = 30
PAUSE = 2.0
TIMEOUT = 10


def server():
    """The address of the workflow server."""
    return os.environ.get("WFLOW_SERVER", "http://wflow-server.default.svc").rstrip("/")


def acquire(wflowid, attempts=ATTEMPTS, pause=PAUSE):
    """Asks the server for the context of a request, until it answers. A refusal is one at once."""
    log.info("acquiring wflow context from %s", server())
    with open(os.environ.get("WFLOW_TOKEN_FILE", "/wflow-token/token"), encoding="ascii") as file:
        token = file.read().strip()
    url = "{}/workflow_config?{}".format(server(), urllib.parse.urlencode({"workflow_ids": wflowid}))
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token})
    for attempt in range(1, attempts + 1):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return json.load(answer)["configs"][0]
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise Problem("the workflow server refuses the context: HTTP {}".format(error.code)) from error
            reason = "HTTP {}".format(error.code)
        except (OSError, ValueError) as error:
            reason = str(error)
        log.warning("attempt %s of %s: %s", attempt, attempts, reason)
        if attempt < attempts:
            time.sleep(pause)
    raise Problem("the workflow server gave no context: {}".format(reason))
