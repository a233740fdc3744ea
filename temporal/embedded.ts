import { searchAttributes } from '../workflows/messages.js';

/**
 * Settings of the embedded server whose defaults are made for a cluster, and cost a wake on one machine.
 * - Timers under a second were 0.1 to 0.95 s late at the default time shift.
 * - Each task queue's work is loaded 20 times a second at most, for all workflows together, as there is one shard:
 *   from the fourth wake on, each step of a wake waited for some 40 ms (measured: 210 ms against 70 ms from the
 *   knock to the instance's spawn).
 */
const DYNAMIC_CONFIG = [
  'history.timerProcessorMaxTimeShift="20ms"',
  'history.transferProcessorMaxPollRPS=5000',
  'history.timerProcessorMaxPollRPS=5000',
  'history.visibilityProcessorMaxPollRPS=5000',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'system.enableActivityEagerExecution=true',
];

/** What every embedded server is started with, after `temporal server start-dev`. */
export const EMBEDDED_ARGUMENTS: readonly string[] = [
  ...['--ip', '127.0.0.1'],
  ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
  ...DYNAMIC_CONFIG.flatMap((setting) => ['--dynamic-config-value', setting]),
  ...Object.values(searchAttributes).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
];
