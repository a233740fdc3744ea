import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The application of the suite, in the shell of busybox: so that it runs as a process, in an image of one file and in a
 * virtual machine without an operating system (its wget looks names up with libraries that are not there: so nc). Its environment: BUSYBOX, its own shell; what `Desk.env` gives; LISTEN, the address that it listens on; PORT.
 */
const APP = `
bb=\${BUSYBOX:-/bin/busybox}
id=$($bb cat /proc/sys/kernel/random/uuid)
desk() {
  printf 'GET /%s/%s?id=%s HTTP/1.0\\r\\n\\r\\n' "\${DESK##*/}" "$1" "$id" |
    $bb nc "$DESK_HOST" "$DESK_PORT" | $bb grep -q '^HTTP/1.. 200'
}
until_may() { until desk "may/$1"; do $bb sleep 0.05; done; }
pages=/tmp/pages-$id
end() {
  trap '' TERM
  desk tell/term
  until_may end
  desk tell/end
  $bb rm -rf "$pages"
  [ -z "$server" ] || kill "$server"
  exit 0
}
server=
trap end TERM
desk tell/start
echo "I am $id"
desk may/live || { echo 'these are my last words' >&2; exit 3; }
until_may listen
$bb mkdir -p "$pages"
echo "$id" > "$pages/index.html"
$bb httpd -f -p "\${LISTEN:-127.0.0.1}:$PORT" -h "$pages" &
server=$!
while :; do wait "$server"; kill -0 "$server" 2>/dev/null || break; done
`;

export const APP_FILE = 'app.sh';

/** Writes the application into a folder. @returns its file. */
export function writeApp(folder: string): string {
  const file = join(folder, APP_FILE);
  writeFileSync(file, APP);
  chmodSync(file, 0o755);
  return file;
}
