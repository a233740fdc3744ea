import type { ErrorEntry } from './entry.js';

/** Images: fetching them, and the checks of what was fetched. */
export const imageErrors = {
  IMAGE_SOURCE_INVALID: {
    status: 400,
    title: 'The source of an image cannot be used as it is given',
    remedy:
      'Give an https, http, file, .torrent or magnet URL without user and password; http off this machine needs a digest.',
  },
  IMAGE_ADDRESS_REFUSED: {
    status: 403,
    title: 'The URL of an image leads to an address that is not public',
    remedy:
      'Name the image in reveille.yaml, where the operator’s own addresses are fine, or set images.allowPrivate.',
  },
  IMAGE_REDIRECT_REFUSED: {
    status: 502,
    title: 'The server of an image redirects where it is not followed',
    remedy: 'Give the URL that it leads to; from https to http a digest is needed.',
  },
  IMAGE_UNREACHABLE: {
    status: 502,
    title: 'The server of an image cannot be reached, or breaks the connection',
    remedy:
      'Check the URL and the network, or give a mirror. What was fetched is kept, the next try goes on from there.',
  },
  IMAGE_REFUSED: {
    status: 502,
    title: 'The server of an image answered with an error',
    remedy: 'Check the URL and its credentials, or give a mirror.',
  },
  IMAGE_STALLED: {
    status: 504,
    title: 'Nothing came from the source of an image for too long',
    remedy: 'Try again or give a mirror: what was fetched is kept. The time is images.fetch.stall.',
  },
  IMAGE_TIMEOUT: {
    status: 504,
    title: 'An image was not fetched in its time',
    remedy: 'Try again: what was fetched is kept. The time is images.fetch.whole.',
  },
  IMAGE_LENGTH_WRONG: {
    status: 502,
    title: 'The source of an image sent more or less than it said, or another part than asked for',
    remedy: 'The server is at fault: give a mirror.',
  },
  IMAGE_TOO_LARGE: {
    status: 413,
    title: 'An image is larger than allowed',
    remedy: 'Raise images.fetch.maxBytes if it is meant to be that large.',
  },
  IMAGE_NO_SPACE: {
    status: 507,
    title: 'Insufficient storage for an image',
    remedy:
      'See `reveille image list` for who holds what; remove images, raise images.budget or make room on the disk.',
  },
  IMAGE_DISK_FAILED: {
    status: 500,
    title: 'The disk that images are kept on failed',
    remedy: 'See the message, and the log of the system; images.directory says where they are kept.',
  },
  IMAGE_DIGEST_MISMATCH: {
    status: 502,
    title: 'The bytes of an image are not those that its digest names',
    remedy:
      'They were removed. Check the digest with who publishes the image, or the server for what it sends.',
  },
  IMAGE_METADATA_INVALID: {
    status: 422,
    title: 'A metadata file does not name the parts of an image as it should',
    remedy: 'See docs/images.md for the format.',
  },
  IMAGE_TORRENT_FAILED: {
    status: 502,
    title: 'An image cannot be had from its torrent',
    remedy: 'Check the torrent, its trackers and its seeds, or give a mirror by https.',
  },
} as const satisfies Record<string, ErrorEntry>;
