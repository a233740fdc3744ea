/** What the worker's bundle exports: the workflow types. */
export { providerQuota } from './provider-quota.js';
export { resourceLifecycle } from './resource-lifecycle.js';
