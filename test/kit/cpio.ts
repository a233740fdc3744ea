import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const MAGIC = '070701';
const END = 'TRAILER!!!';

/** A folder as the kernel unpacks it for a first root file system (cpio, "newc"), everything as root's. */
export function cpioOf(folder: string): Buffer {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const entries = names.map((name, index) => {
    const file = join(folder, name);
    const stat = lstatSync(file);
    const isLink = stat.isSymbolicLink();
    const body = isLink
      ? Buffer.from(readlinkSync(file))
      : stat.isFile()
        ? readFileSync(file)
        : Buffer.alloc(0);
    return entry(name, stat.mode, body, index + 1);
  });
  return Buffer.concat([...entries, entry(END, 0, Buffer.alloc(0), 0)]);
}

function entry(name: string, mode: number, body: Buffer, inode: number): Buffer {
  const fields = [inode, mode, 0, 0, 1, 0, body.length, 0, 0, 0, 0, name.length + 1, 0];
  const head = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return Buffer.concat([padded(Buffer.from(`${head}${name}\0`)), padded(body)]);
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
