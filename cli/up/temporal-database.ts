import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

const SQLITE_HEADER = 'SQLite format 3\0';
/** What SQLite and Temporal say of a file that is damaged. */
const DAMAGED =
  /file is not a database|disk image is malformed|no such table|database corruption|\(26\)|\(11\)/;

/**
 * The embedded server's database file. One that the server never got to run on is begun anew; one that is
 * damaged is moved aside, and what is awake is adopted from the hosts' own records.
 */
export class TemporalDatabase {
  constructor(
    readonly path: string,
    private readonly say: (line: string) => void,
  ) {}

  /** Stands beside the database until the server has run on it: Temporal does not finish a schema that was cut off. */
  private get unfinished(): string {
    return `${this.path}.unfinished`;
  }

  /** To be called before each start of the server. */
  prepare(): void {
    mkdirSync(dirname(this.path), { recursive: true });
    if (existsSync(this.unfinished)) {
      for (const file of this.files()) rmSync(file, { force: true });
    } else if (existsSync(this.path) && !hasHeader(this.path)) {
      this.moveAside('it is not a database');
    }
    if (!existsSync(this.path)) writeFileSync(this.unfinished, '');
  }

  /** To be called when the server serves. */
  finished(): void {
    rmSync(this.unfinished, { force: true });
  }

  /** To be called when the server ended of itself, with what it said. */
  mend(log: string): void {
    const reason = DAMAGED.exec(log)?.[0];
    if (reason !== undefined && existsSync(this.path) && !existsSync(this.unfinished)) this.moveAside(reason);
  }

  private moveAside(reason: string): void {
    const suffix = `broken-${new Date().toISOString().replaceAll(':', '')}`;
    for (const file of this.files()) {
      if (existsSync(file)) renameSync(file, file.replace(this.path, `${this.path}.${suffix}`));
    }
    this.say(
      `Temporal's database was damaged (${reason}): moved to ${this.path}.${suffix}, and a fresh one is used. What is awake will be adopted.`,
    );
  }

  private files(): string[] {
    return [this.path, `${this.path}-wal`, `${this.path}-shm`];
  }
}

/** An empty file is one that SQLite has not written to yet: sound. */
function hasHeader(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(SQLITE_HEADER.length);
    const count = readSync(fd, buffer, 0, buffer.length, 0);
    return count === 0 || buffer.toString('latin1') === SQLITE_HEADER;
  } finally {
    closeSync(fd);
  }
}
