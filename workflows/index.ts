/** What the worker's bundle exports: the workflow types. */
export { imageChore } from './image-chore.js';
export { imageLifecycle } from './image-lifecycle.js';
export { providerQuota } from './provider-quota.js';
export { resourceLifecycle } from './resource-lifecycle.js';
