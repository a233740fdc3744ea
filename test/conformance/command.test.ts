import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engine } from '../kit/engines.js';
import { environmentOf } from '../kit/house-sweep.js';
import { APP_FILE, writeApp } from './app.js';
import type { Desk } from './desk.js';
import type { Engine, Place } from './subject.js';
import { conformance } from './suite.js';

/** Below those that the system gives to others, and beyond those of houses. */
const PORTS = { from: 30_000, to: 32_700 };
/** What keeps late comers away, and belongs to it. */
const LASTING = /^(lock|generation|tmp|\d+\.ending)$/;

/** As a system administrator writes it: a daemon with a pid file, that one script starts, stops and looks after. */
const SCRIPT = `
case $1 in
check) [ -e "$PLACE/pid" ] && kill -0 "$(cat "$PLACE/pid")" 2>/dev/null ;;
start)
  setsid "$BUSYBOX" sh "$PLACE/${APP_FILE}" >&2 &
  echo $! > "$PLACE/pid"
  echo "127.0.0.1 $PORT" ;;
stop)
  [ ! -e "$PLACE/broken" ] || { echo 'I refuse' >&2; exit 1; }
  [ -e "$PLACE/pid" ] || exit 0
  pid=$(cat "$PLACE/pid")
  kill -TERM "$pid" 2>/dev/null
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  rm -f "$PLACE/pid" ;;
esac
`;

class Commands implements Engine {
  private readonly folder = mkdtempSync(join(tmpdir(), 'reveille-commands-'));
  private readonly places = new Map<string, string>();
  private port = randomInt(PORTS.from, PORTS.to);

  resource(name: string, desk: Desk): Record<string, unknown> {
    const place = mkdtempSync(join(this.folder, `${name}-`));
    this.places.set(desk.mark(name), place);
    writeApp(place);
    const script = join(place, 'service.sh');
    writeFileSync(script, SCRIPT);
    const env = {
      BUSYBOX: engine('busybox'),
      PLACE: place,
      PORT: String(this.port++),
      ...desk.env(name),
    };
    const run = (what: string) => ['sh', script, what];
    const command = { check: run('check'), start: run('start'), stop: run('stop'), watch: '200ms', env };
    return { provider: 'command', command };
  }

  async running(name: string, { desk }: Place): Promise<string[]> {
    const mark = `DESK=${desk.mark(name)}`;
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    return pids.filter((pid) => environmentOf(pid).includes(mark) && isApp(pid));
  }

  async remains(name: string, place: Place): Promise<string[]> {
    const folder = join(place.stateDir, 'command', name);
    const files = existsSync(folder) ? readdirSync(folder) : [];
    return [...(await this.running(name, place)), ...files.filter((file) => !LASTING.test(file))];
  }

  async kill(name: string, place: Place): Promise<void> {
    for (const pid of await this.running(name, place)) process.kill(-Number(pid), 'SIGKILL');
  }

  async breakStops(name: string, { desk }: Place): Promise<() => void> {
    const broken = join(this.places.get(desk.mark(name)) ?? this.folder, 'broken');
    writeFileSync(broken, '');
    return () => rmSync(broken);
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The application's own shell, and none of its subshells. */
function isApp(pid: string): boolean {
  try {
    const [, group] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ').slice(1) ?? [];
    return group === pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(APP_FILE);
  } catch {
    return false;
  }
}

conformance({
  provider: 'command',
  needs: [],
  suspends: false,
  open: async () => new Commands(),
});
