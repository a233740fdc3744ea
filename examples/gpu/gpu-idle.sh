#!/bin/sh
# Says whether a machine with GPUs is idle: exit code 0 where none computes and no job waits, 1 otherwise.
#   GPU_LOGIN  asks the instance by ssh, as this user (default: this machine)
#   GPU_BUSY   percent from which a GPU counts as busy (default: 5)
#   GPU_LOOKS  so many looks, a second apart, have to find it idle: training has gaps (default: 3)
# Jobs are files in the folder jobs/ beside this script, each until it is done.
cd "$(dirname "$0")" || exit 1
query='nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits'

# Neither idle nor busy. A probe that is killed counts as failed, which keeps awake for a bounded time only.
fail() {
  echo "$1" >&2
  kill -TERM $$
}

look() {
  if [ -z "$GPU_LOGIN" ]; then
    $query
  else
    # -n: what is on this script's own standard input is not for the instance.
    ssh -n -o BatchMode=yes -o ConnectTimeout=5 "$GPU_LOGIN@$REVEILLE_HOST" "$query"
  fi
}

[ -z "$(ls -A jobs 2>/dev/null)" ] || exit 1
left=${GPU_LOOKS:-3}
while :; do
  used=$(look) || fail 'nvidia-smi failed'
  [ -n "$used" ] || fail 'nvidia-smi names no GPU'
  for percent in $used; do
    case $percent in *[!0-9]*) fail "not a percentage: $used" ;; esac
    [ "$percent" -lt "${GPU_BUSY:-5}" ] || exit 1
  done
  left=$((left - 1))
  [ "$left" -gt 0 ] || exit 0
  sleep 1
done
