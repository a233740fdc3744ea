import type { ErrorEntry } from './entry.js';

/** Images: keeping them on a host. */
export const imageStoreErrors = {
  IMAGE_IN_USE: {
    status: 409,
    title: 'The image is in use',
    remedy: 'Stop what uses it, or delete the disk that was made on it (`reveille delete NAME --yes`).',
  },
  IMAGE_STORE_UNUSABLE: {
    status: 500,
    title: 'The folder for images cannot be used',
    remedy: 'Name a folder of its own in images.directory, which belongs to the user that runs the worker.',
  },
} as const satisfies Record<string, ErrorEntry>;
