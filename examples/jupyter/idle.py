"""Says whether Jupyter is idle: exit code 0 where no kernel computes, 1 where one does."""

import json
import os
import signal
import sys
import urllib.request

url = "http://{REVEILLE_HOST}:{REVEILLE_PORT}/jupyter/api/kernels".format(**os.environ)
request = urllib.request.Request(url, headers={"Authorization": "token " + os.environ["JUPYTER_TOKEN"]})
try:
    kernels = json.load(urllib.request.urlopen(request, timeout=5))
except OSError as error:
    # Neither idle nor busy. A probe that is killed counts as failed, which keeps awake for a bounded time only.
    print(error, file=sys.stderr, flush=True)
    signal.raise_signal(signal.SIGTERM)
sys.exit(any(kernel["execution_state"] == "busy" for kernel in kernels))
