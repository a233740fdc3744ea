import { cloudErrors } from './catalogue/clouds.js';
import { controlPlaneErrors } from './catalogue/control-plane.js';
import { imagePlaceErrors } from './catalogue/image-places.js';
import { imageStoreErrors } from './catalogue/image-store.js';
import { imageErrors } from './catalogue/images.js';
import { instanceErrors } from './catalogue/instances.js';
import { requestErrors } from './catalogue/requests.js';
import { setupErrors } from './catalogue/setup.js';

export type { ErrorEntry } from './catalogue/entry.js';

/**
 * Every error that Reveille names. The one place where a code, its HTTP status, its meaning and its remedy
 * stand; docs/errors.md is checked against it by a test.
 */
export const catalogue = {
  ...setupErrors,
  ...requestErrors,
  ...controlPlaneErrors,
  ...instanceErrors,
  ...cloudErrors,
  ...imagePlaceErrors,
  ...imageErrors,
  ...imageStoreErrors,
};

export type ErrorCode = keyof typeof catalogue;
