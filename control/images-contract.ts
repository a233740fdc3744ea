/** The JSON of the control API about images. Times are milliseconds since 1970, sizes bytes. */
import type { ImageDetails, ImageListing, ImageProgress } from '../workflows/messages.js';

export type { ImageListing };

export const IMAGES_PATH = '/api/v1/images';
/**
 * Proof that a call comes from the operator of this host: the HMAC of `operatorText` with the secret that only they
 * can read (config/secret.ts). An image that is added without it may not lead to private addresses or files.
 */
export const OPERATOR_HEADER = 'x-reveille-operator';
export const operatorText = (body: string): string => `POST ${IMAGES_PATH}\n${body}`;

/** 202: it is being made usable, whatever becomes of whoever asked. */
export interface AddedResult {
  key: string;
  place: string;
  name: string;
}

/** How far an image is that was added. `image` and its id are there once it is usable. */
export interface ImageStanding {
  key: string;
  place: string;
  state: 'making' | 'usable' | 'absent';
  progress?: ImageProgress;
  image?: ImageDetails;
  /** What the place calls it, where it was registered; in test mode, what it would. */
  id?: string;
}
