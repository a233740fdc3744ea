"""Settings of Jupyter Server behind Reveille; see reveille.yaml beside this file."""

import os

c = get_config()  # noqa: F821 (Jupyter puts it here)

# Reveille picks a free port. On any other, nobody would find it.
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["PORT"])
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False

# The path of the route in reveille.yaml, which is forwarded whole.
c.ServerApp.base_url = "/jupyter/"
# Reveille keeps the client's Host, so that Jupyter's comparison of Origin and Host works with no allow_origin.
# By a name other than localhost it takes requests only with this:
c.ServerApp.allow_remote_access = True
# X-Forwarded-Proto and X-Forwarded-For are Reveille's, who replaces what clients invent.
c.ServerApp.trust_xheaders = True

c.ServerApp.root_dir = os.path.abspath("notebooks")
os.makedirs(c.ServerApp.root_dir, exist_ok=True)
