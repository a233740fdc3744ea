"""Settings of the Jupyter Server of one member of a group; see group.yaml beside this file."""

import os

from jupyter_server.auth.identity import IdentityProvider, User

c = get_config()  # noqa: F821 (Jupyter puts it here)
load_subconfig("jupyter_server_config.py")  # noqa: F821


class Visitor(IdentityProvider):
    """Believes the name that Reveille has verified, if it is that of this server's user; the probe has the token."""

    async def get_user(self, handler):
        name = handler.request.headers.get("X-Forwarded-User")
        # Tornado reads header fields as Latin-1; the name in it is UTF-8.
        if name is not None and name.encode("latin-1") == os.environb[b"REVEILLE_USER"]:
            return User(username=os.environ["REVEILLE_USER"])
        return await super().get_user(handler)


c.ServerApp.identity_provider_class = Visitor
# Named after the member, which is safe in a path whatever the user is called.
c.ServerApp.root_dir = os.path.abspath(os.path.join("notebooks", os.environ["REVEILLE_RESOURCE"]))
os.makedirs(c.ServerApp.root_dir, exist_ok=True)
os.chdir(c.ServerApp.root_dir)  # where kernels begin that belong to no notebook
