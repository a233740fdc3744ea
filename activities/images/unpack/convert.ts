import { stat } from 'node:fs/promises';
import { ReveilleError } from '../../../errors/index.js';
import type { ImageContext } from '../contract.js';
import { tooLarge, type UnpackLimits } from './limits.js';
import { checkMagic, qcow2Bytes, readHead } from './magic.js';
import { Program } from './program.js';

export type DiskFormat = 'raw' | 'qcow2';

/**
 * Makes a disk of another format. The formats are told, never guessed: a guessed one may be chosen by who wrote the
 * disk.
 * @param file a disk that checkMagic found right.
 * @throws ReveilleError IMAGE_CONVERT_FAILED, IMAGE_TOOL_MISSING, IMAGE_NO_SPACE, IMAGE_UNPACKS_TOO_LARGE.
 */
export async function convert(
  { file, from }: { file: string; from: DiskFormat },
  { file: to, format }: { file: string; format: DiskFormat },
  limits: UnpackLimits,
  context: ImageContext,
): Promise<void> {
  const head = await readHead(file);
  checkMagic(from, head);
  const lengthBytes = from === 'qcow2' ? qcow2Bytes(head) : (await stat(file)).size;
  if (lengthBytes > limits.maxBytes)
    throw tooLarge(`its disk has ${lengthBytes} bytes, more than ${limits.maxBytes}`);
  await context.reserve(await measure(file, from, format, limits, context.signal));
  // Tables and padding of a qcow2 file come on top of the disk's length.
  const maxFileBytes = limits.maxBytes + Math.ceil(limits.maxBytes / 100) + (64 << 20);
  await qemuImg(
    ['convert', '-p', '-f', from, '-O', format, file, to],
    { ...limits, maxFileBytes },
    context.signal,
    (text) => {
      const percent = /\((\d+(?:\.\d+)?)\/100%\)[^(]*$/.exec(text)?.[1];
      if (percent === undefined) return;
      context.progress({
        step: 'converting',
        bytes: Math.round((lengthBytes * Number(percent)) / 100),
        total: lengthBytes,
      });
    },
  );
}

/** What the result takes up at most. */
async function measure(
  file: string,
  from: DiskFormat,
  to: DiskFormat,
  limits: UnpackLimits,
  signal: AbortSignal,
): Promise<number> {
  const bounds = { ...limits, maxFileBytes: 0 };
  if (to === 'raw') {
    // `measure` says the whole length for these, as if there were no holes.
    let sum = 0;
    const onLine = (line: string) => {
      if (line.includes('"data": true')) sum += Number(/"length": (\d+)/.exec(line)?.[1] ?? 0);
    };
    await qemuImg(['map', '--output=json', '-f', from, file], bounds, signal, byLine(onLine));
    return sum;
  }
  let text = '';
  await qemuImg(['measure', '--output=json', '-f', from, '-O', to, file], bounds, signal, (more) => {
    text += more;
  });
  const required: unknown = JSON.parse(text).required;
  if (typeof required !== 'number')
    throw new ReveilleError('IMAGE_CONVERT_FAILED', 'qemu-img measured nothing');
  return required;
}

/** A list of extents may be long: it is never held as a whole. */
function byLine(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  };
}

async function qemuImg(
  words: readonly string[],
  bounds: { maxMemoryBytes: number; maxFileBytes: number },
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<void> {
  signal.throwIfAborted();
  const program = new Program('qemu-img', words, { ...bounds, stdin: 'ignore' });
  const abort = () => program.kill();
  signal.addEventListener('abort', abort);
  program.child.stdout?.setEncoding('utf8').on('data', onText);
  try {
    const failure = await program.ended();
    signal.throwIfAborted();
    if (failure === undefined) return;
    if (/No space left on device/.test(failure)) {
      throw new ReveilleError('IMAGE_NO_SPACE', 'Insufficient storage: the disk is full');
    }
    throw new ReveilleError('IMAGE_CONVERT_FAILED', `qemu-img ${words[0]}: ${failure}`);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
