/** What one section of sleepingd.conf says, with what it inherits and the defaults of sleepingd. */
import type { Key, Section, Value } from './ini.js';

/** One that is to be run. Times in seconds; undefined is "no timeout", or "off". */
export interface Service {
  /** As in the file. */
  readonly title: string;
  readonly port: number;
  readonly check: Value | undefined;
  readonly start: Value;
  readonly stop: Value | undefined;
  /** Undefined: nobody is asked, and having no connection is being idle. */
  readonly idle: Value | undefined;
  readonly timeouts: Readonly<Record<'start' | 'stop' | 'check' | 'idle', number | undefined>>;
  readonly user: string | undefined;
  /** Undefined: it never falls idle. */
  readonly idleTime: number | undefined;
  readonly idleInterval: number;
  /** VARRUN_PATH, where the section itself says it. */
  readonly varRun: string | undefined;
  /** What it said that could not be used, in words. */
  readonly remarks: readonly string[];
}

/** `skipped`: why it is not run, in words; undefined where it says itself that it is not active. */
export type Reading = { readonly service: Service } | { readonly skipped: string | undefined };

/** @param general what the section inherits: all but ACTIVE, of which the default is yes. */
export function readService(title: string, section: Section, general: Section): Reading {
  if (!isYes(section.get('ACTIVE')?.text ?? 'yes')) return { skipped: undefined };
  return new Reader(title, section, general).service();
}

/** The part above all sections, which is a service where it says ACTIVE=yes and has a port. */
export function readGeneral(general: Section): Reading {
  const isService = isYes(general.get('ACTIVE')?.text ?? 'no') && general.has('PORT');
  return isService ? new Reader('sleepingd', general, general).service() : { skipped: undefined };
}

const isYes = (text: string): boolean => ['yes', 'true'].includes(text.trim().toLowerCase());

class Reader {
  private readonly remarks: string[] = [];

  constructor(
    private readonly title: string,
    private readonly section: Section,
    private readonly general: Section,
  ) {}

  service(): Reading {
    const { title, remarks } = this;
    const port = this.text('PORT');
    if (port === '' || port === '-') return { skipped: 'PORT is missing' };
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535)
      return { skipped: `PORT is ${port}, which is no port` };
    const all = this.seconds('EXEC_CMD_TIMEOUT');
    const timeout = (key: Key) => (this.value(key) === undefined ? all : this.seconds(key));
    const interval = this.seconds('IDLE_CHECK_INTERVAL');
    const idleTime = this.seconds('IDLE_TIME');
    const idleCommand = this.value('IDLE_CMD');
    const watches = interval !== undefined && idleTime !== undefined && idleCommand?.text !== '';
    const service: Service = {
      title,
      port: Number(port),
      check: this.command('CHECK_CMD', 'false'),
      start: this.command('START_CMD', '') ?? { text: 'false', expands: false },
      stop: this.command('STOP_CMD', 'false'),
      idle: this.command('IDLE_CMD', 'true'),
      timeouts: {
        start: timeout('START_CMD_TIMEOUT'),
        stop: timeout('STOP_CMD_TIMEOUT'),
        check: timeout('CHECK_CMD_TIMEOUT'),
        idle: timeout('IDLE_CMD_TIMEOUT'),
      },
      user: this.text('USER') || undefined,
      idleTime: watches ? idleTime : undefined,
      idleInterval: interval ?? 0,
      varRun: this.title === 'sleepingd' ? undefined : this.section.get('VARRUN_PATH')?.text,
      remarks,
    };
    return { service };
  }

  private value(key: Key): Value | undefined {
    return this.section.get(key) ?? this.general.get(key);
  }

  private text(key: Key): string {
    return this.value(key)?.text.trim() ?? '';
  }

  /** @param byDefault what sleepingd takes where nothing is said: as good as nothing. */
  private command(key: Key, byDefault: string): Value | undefined {
    const value = this.value(key);
    return value === undefined || ['', byDefault].includes(value.text.trim()) ? undefined : value;
  }

  /** Blank and 0 are none; so is what is no number, as in sleepingd. */
  private seconds(key: Key): number | undefined {
    const text = this.text(key);
    if (text !== '' && !/^\d{1,9}$/.test(text))
      this.remarks.push(`${key} is ${text}, which is no number: ignored`);
    return /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
  }
}
