import type { Pass } from './gate-contract.js';

/**
 * Where the wait of a cold request went, as a Server-Timing field (W3C Server Timing): each step of the boot, the
 * rest of the wait (`queue`: Temporal, leases, other requests' turn) and all of it (`wait`). Milliseconds.
 */
export function serverTiming(cold: NonNullable<Pass['cold']>): string {
  let steps = 0;
  let text = '';
  for (const { step, took } of cold.steps) {
    steps += took;
    text += `${step};dur=${round(took)}, `;
  }
  // Who came late in a boot waited for less than its steps.
  const queue = Math.max(0, cold.waited - steps);
  return `${text}queue;dur=${round(queue)}, wait;dur=${round(cold.waited)}`;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
