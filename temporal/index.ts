export {
  connectionOptions,
  connectTemporal,
  type TemporalConnection,
  temporalAddress,
} from './connection.js';
export { EMBEDDED_ARGUMENTS } from './embedded.js';
export { temporalError } from './failures.js';
export { type HistoryNews, historyNews } from './history.js';
export { ImageClient, type ImageWork, tellProgress, wantImage } from './images.js';
export type { ClosedRun, RunOutcome, RunResult, RunsOf } from './past.js';
export { hasPollers } from './pollers.js';
export { enterQuota } from './quota.js';
export { ResourceClient } from './resource-client.js';
export type { OpenRun, RunTime } from './runs.js';
