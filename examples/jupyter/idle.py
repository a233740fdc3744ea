"""Says whether Jupyter is idle: exit code 0, or 1 where a kernel computes or a terminal has printed of late."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

# How long a terminal has to be silent, in seconds. What runs in it and prints nothing is not seen.
SILENCE = timedelta(seconds=float(os.environ.get("JUPYTER_SILENCE", "900")))


def ask(what):
    url = "http://{REVEILLE_HOST}:{REVEILLE_PORT}/jupyter/api/".format(**os.environ) + what
    request = urllib.request.Request(url, headers={"Authorization": "token " + os.environ["JUPYTER_TOKEN"]})
    try:
        return json.load(urllib.request.urlopen(request, timeout=4))
    except urllib.error.HTTPError as error:
        if error.code == 404:  # a Jupyter without terminals
            return []
        raise


def is_busy():
    if any(kernel["execution_state"] == "busy" for kernel in ask("kernels")):
        return True
    since = datetime.now(timezone.utc) - SILENCE
    times = [terminal["last_activity"].replace("Z", "+00:00") for terminal in ask("terminals")]
    return any(datetime.fromisoformat(time) > since for time in times)


try:
    busy = is_busy()
except OSError as error:
    # Neither idle nor busy. A probe that is killed counts as failed, which keeps awake for a bounded time only.
    print(error, file=sys.stderr, flush=True)
    signal.raise_signal(signal.SIGTERM)
sys.exit(busy)
