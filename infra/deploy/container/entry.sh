#!/bin/sh
# The first process of the container: hands on what `docker stop` and Ctrl-C say, and takes in whoever is left without
# a parent, such as what a worker has started that is gone.
reveille "$@" &
child=$!
trap 'kill -TERM "$child"' TERM INT
trap 'kill -HUP "$child"' HUP
# A signal ends a wait, not what is waited for.
while wait "$child"; code=$?; [ "$code" -gt 128 ] && kill -0 "$child" 2>/dev/null; do :; done
exit "$code"
