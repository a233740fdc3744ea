import { readFileSync } from 'node:fs';

const PAGE = 4096;
const EVERY_MS = 50;

/** Resident memory of a process, in bytes (proc(5), statm). */
export function residentBytes(pid: number): number {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Number(pages) * PAGE;
}

/** The most memory that a process had in each half of some work, which says how far it is from 0 to 1. */
export async function memoryPeaks(pid: number, progress: () => number, work: Promise<unknown>) {
  const peaks = { early: 0, late: 0 };
  const look = setInterval(() => {
    const half = progress() < 0.5 ? 'early' : 'late';
    peaks[half] = Math.max(peaks[half], residentBytes(pid));
  }, EVERY_MS);
  try {
    await work;
  } finally {
    clearInterval(look);
  }
  return peaks;
}
