import { open } from 'node:fs/promises';
import type { ImageType } from '../contract.js';
import { badArchive, wrongType } from './faults.js';

/** So much of a file's start is looked at. */
const HEAD_BYTES = 4096;

/** The first bytes of a file, as far as there are any. */
export async function readHead(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/**
 * Looks whether the first bytes of a file are of its type.
 * @param head of the unpacked file, as readHead gives them.
 * @throws ReveilleError IMAGE_TYPE_MISMATCH, IMAGE_ARCHIVE_INVALID.
 */
export function checkMagic(type: ImageType, head: Buffer): void {
  if (head.length === 0) throw badArchive('the image is empty');
  if (type === 'qcow2') checkQcow2(head);
  if (type === 'raw' && isQcow2(head)) {
    throw wrongType('the image is said to be a raw disk, and is a qcow2 one: give type qcow2');
  }
  if (type === 'kernel' && !isKernel(head)) throw wrongType('the image is said to be a kernel, and is none');
  if (type === 'ramdisk' && !isRamdisk(head))
    throw wrongType('the image is said to be a ramdisk, and is none');
}

const isQcow2 = (head: Buffer): boolean => head.subarray(0, 4).equals(Buffer.from('QFI\xfb', 'latin1'));

const EXTERNAL_DATA = 4n;

/** Header of QEMU's docs/interop/qcow2.txt: version at 4, backing file at 8, size at 24, incompatible features at 72. */
function checkQcow2(head: Buffer): void {
  if (!isQcow2(head)) throw wrongType('the image is said to be a qcow2 disk, and is none');
  if (head.length < 104) throw badArchive('the qcow2 header is cut off');
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw wrongType(`qcow2 version ${version} is not known`);
  // Both name files that QEMU would open: of this host, as whoever runs it.
  if (head.readBigUInt64BE(8) !== 0n)
    throw wrongType('the qcow2 disk names a backing file, which is refused');
  if (version === 3 && (head.readBigUInt64BE(72) & EXTERNAL_DATA) !== 0n) {
    throw wrongType('the qcow2 disk names an external data file, which is refused');
  }
}

/** Length of the disk that a qcow2 file holds. @param head one that checkMagic found right. */
export const qcow2Bytes = (head: Buffer): number => Number(head.readBigUInt64BE(24));

interface Mark {
  readonly at: number;
  readonly hex: string;
}

/** x86 boot protocol, EFI stub, ELF, arm64 Image, U-Boot. */
const KERNELS: readonly Mark[] = [
  { at: 0x202, hex: '48647253' },
  { at: 0, hex: '4d5a' },
  { at: 0, hex: '7f454c46' },
  { at: 56, hex: '41524d64' },
  { at: 0, hex: '27051956' },
];

/** cpio (newc, with checksums), what the kernel unpacks itself (gzip, bzip2, lzma, xz, lzo, lz4, zstd), and file systems. */
const RAMDISKS: readonly Mark[] = [
  { at: 0, hex: '303730373031' },
  { at: 0, hex: '303730373032' },
  { at: 0, hex: '1f8b' },
  { at: 0, hex: '425a68' },
  { at: 0, hex: '5d0000' },
  { at: 0, hex: 'fd377a585a00' },
  { at: 0, hex: '894c5a4f' },
  { at: 0, hex: '02214c18' },
  { at: 0, hex: '28b52ffd' },
  { at: 0, hex: '68737173' },
  { at: 1080, hex: '53ef' },
];

const hasMark = (head: Buffer, { at, hex }: Mark): boolean =>
  head.subarray(at, at + hex.length / 2).toString('hex') === hex;
const isKernel = (head: Buffer): boolean => KERNELS.some((mark) => hasMark(head, mark));
const isRamdisk = (head: Buffer): boolean => RAMDISKS.some((mark) => hasMark(head, mark));
