import type { ErrorEntry } from './entry.js';

/** Images at the places where they are used. */
export const imagePlaceErrors = {
  PLACE_UNKNOWN: {
    status: 404,
    title: 'No worker runs at that place',
    remedy: 'Name a host on which a `reveille worker` runs, or leave it out for the one that is asked.',
  },
  IMAGE_UNKNOWN: {
    status: 404,
    title: 'There is no such image',
    remedy:
      'See `reveille image list`; an image is named by its key, its sha256, its GUID, or how one of them begins.',
  },
  IMAGE_CANCELLED: {
    status: 503,
    title: 'The work on an image was cancelled',
    remedy: 'Ask again: what was fetched is kept, and the next who asks goes on from there.',
  },
  IMAGE_REGISTER_FAILED: {
    status: 502,
    title: 'An image could not be registered where it is used, or that could not be undone',
    remedy: 'See what the message says of the place: its engine, or the command of images.register.',
  },
} as const satisfies Record<string, ErrorEntry>;
