#!/bin/sh
# The Node that Reveille was packaged with: that of the system may be too old.
exec /usr/lib/reveille/node /usr/lib/reveille/bin/reveille.mjs "$@"
