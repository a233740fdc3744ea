/** What the worker's bundle exports: the workflow types. */
export { resourceLifecycle } from './resource-lifecycle.js';
