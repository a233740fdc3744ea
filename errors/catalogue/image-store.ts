import type { ErrorEntry } from './entry.js';

/** Images: unpacking them, and keeping them on a host. */
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
  IMAGE_ARCHIVE_INVALID: {
    status: 422,
    title: 'The bytes of an image cannot be unpacked',
    remedy: 'Check that the URL gives the whole file, and that type and compression are what it is.',
  },
  IMAGE_ARCHIVE_UNSAFE: {
    status: 422,
    title: 'An archive would write outside its folder, or make what is no file',
    remedy: 'Do not use this archive before you know who made it so; nothing of it was kept.',
  },
  IMAGE_UNPACKS_TOO_LARGE: {
    status: 413,
    title: 'An image unpacks to more than allowed',
    remedy: 'If it is meant to be that large, raise the limit that is named: they are under images.unpack.',
  },
  IMAGE_TYPE_MISMATCH: {
    status: 422,
    title: 'An image is not of the type that was said',
    remedy:
      'Give the type that it is. A disk that needs other files has to be made one first (`qemu-img convert`).',
  },
  IMAGE_TOOL_MISSING: {
    status: 500,
    title: 'A program that images need is not installed on this host',
    remedy: 'Install the package that is named.',
  },
  IMAGE_CONVERT_FAILED: {
    status: 422,
    title: 'A disk image could not be converted',
    remedy: 'See what qemu-img said; `qemu-img check` tells more about the image.',
  },
} as const satisfies Record<string, ErrorEntry>;
