/** What the API answers about images, as schemas. */
import { z } from 'zod';
import type {
  ImageDetails,
  ImageLine,
  ImageListing,
  ImageProgress,
  ImageRemoval,
  ImageSeeding,
} from '../../workflows/messages.js';
import type { AddedResult, ImageStanding } from '../images-contract.js';
import { count, of, optional, time } from './schema-words.js';

const bytes = () => count().meta({ description: 'Bytes.' });

export const imageProgress = of<ImageProgress>()(
  z
    .strictObject({
      step: z.enum(['waiting', 'fetching', 'checking', 'unpacking', 'converting', 'registering']),
      bytes: bytes(),
      total: optional(bytes()),
    })
    .meta({ id: 'ImageProgress', description: 'How far it is. Total is there where a server said it.' }),
);

const lineFields = {
  key: z.string(),
  name: z.string(),
  type: z.string(),
  sha256: optional(z.string()),
  guid: optional(z.string()),
  url: optional(z.string()),
  bytes: bytes(),
  lastUse: time(),
  users: z.array(z.string()).meta({ description: 'Resources, with the generation where that is awake.' }),
  registrations: z.array(z.strictObject({ place: z.string(), id: z.string() })),
};
const line = of<ImageLine>()(z.strictObject(lineFields).meta({ id: 'ImageLine' }));
const details = of<ImageDetails>()(
  z
    .strictObject({ ...lineFields, files: z.array(z.string()), created: time(), checked: time() })
    .meta({ id: 'Image' }),
);
const added = { key: z.string(), place: z.string() };

export const imageAnswers = {
  list: of<ImageListing>()(
    z
      .strictObject({ place: z.string(), budget: bytes(), used: bytes(), images: z.array(line) })
      .meta({ id: 'ImageList' }),
  ),
  details,
  added: of<AddedResult>()(z.strictObject({ ...added, name: z.string() }).meta({ id: 'AddedImage' })),
  standing: of<ImageStanding>()(
    z
      .strictObject({
        ...added,
        state: z.enum(['making', 'usable', 'absent']),
        progress: optional(imageProgress),
        image: optional(details),
        id: optional(z.string()),
      })
      .meta({ id: 'ImageStanding' }),
  ),
  seeding: of<ImageSeeding>()(
    z.strictObject({ name: z.string(), seeding: z.boolean() }).meta({ id: 'ImageSeeding' }),
  ),
  removal: of<ImageRemoval>()(
    z
      .strictObject({
        removed: z.array(z.string()).readonly(),
        kept: z.array(z.string()).readonly().meta({ description: 'A place would not let go of them.' }),
      })
      .meta({ id: 'ImageRemoval' }),
  ),
} as const;
