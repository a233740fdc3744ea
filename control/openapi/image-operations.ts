import { imageBodies, imageQueries } from '../image-inputs.js';
import { IMAGES_PATH } from '../images-contract.js';
import { imageAnswers } from './image-answers.js';
import type { Operation } from './operation.js';

const ONE = `${IMAGES_PATH}/{image}`;
/** A worker of the place is asked. */
const CHORE = [
  'USAGE',
  'PLACE_UNKNOWN',
  'TEMPORAL_UNREACHABLE',
  'NO_WORKER',
  'HOST_GONE',
  'IMAGE_STORE_UNUSABLE',
] as const;
const NAMED = [...CHORE, 'IMAGE_UNKNOWN'] as const;

export const imageOperations: readonly Operation[] = [
  {
    id: 'listImages',
    method: 'get',
    path: IMAGES_PATH,
    summary: 'What the image cache of a host holds',
    query: imageQueries.place,
    answers: { 200: { description: 'Every image, and the budget', schema: imageAnswers.list } },
    errors: CHORE,
  },
  {
    id: 'addImage',
    method: 'post',
    path: IMAGES_PATH,
    summary: 'Have an image fetched, checked and made usable',
    description: 'One fetch however many ask. How far it is, showStandingOfImage says.',
    body: imageBodies.add,
    needsBody: true,
    answers: { 202: { description: 'It is under way', schema: imageAnswers.added } },
    errors: [...CHORE, 'IMAGE_SOURCE_INVALID'],
  },
  {
    id: 'collectImages',
    method: 'post',
    path: `${IMAGES_PATH}/collect`,
    summary: 'Remove images that nothing uses: old ones, or all',
    body: imageBodies.collect,
    answers: { 200: { description: 'What went, and what could not', schema: imageAnswers.removal } },
    errors: CHORE,
  },
  {
    id: 'showImage',
    method: 'get',
    path: ONE,
    summary: 'One image of the cache',
    query: imageQueries.place,
    answers: { 200: { description: 'It', schema: imageAnswers.details } },
    errors: NAMED,
  },
  {
    id: 'showStandingOfImage',
    method: 'get',
    path: `${ONE}/standing`,
    summary: 'How far an image is that was added',
    description: 'Where its last try failed, the answer is that failure.',
    query: imageQueries.place,
    answers: { 200: { description: 'How far', schema: imageAnswers.standing } },
    errors: [
      ...CHORE,
      'IMAGE_UNKNOWN',
      'IMAGE_ADDRESS_REFUSED',
      'IMAGE_REDIRECT_REFUSED',
      'IMAGE_UNREACHABLE',
      'IMAGE_STALLED',
      'IMAGE_TOO_LARGE',
      'IMAGE_NO_SPACE',
      'IMAGE_METADATA_INVALID',
    ],
  },
  {
    id: 'seedImage',
    method: 'post',
    path: `${ONE}/seed`,
    summary: 'Give an image that came by BitTorrent to others, or do so no longer',
    body: imageBodies.seed,
    answers: { 200: { description: 'Whether it is given', schema: imageAnswers.seeding } },
    errors: [...NAMED, 'IMAGE_TORRENT_FAILED'],
  },
  {
    id: 'removeImage',
    method: 'delete',
    path: ONE,
    summary: 'Remove an image that nothing uses',
    query: imageQueries.place,
    answers: { 200: { description: 'What went, and what could not', schema: imageAnswers.removal } },
    errors: [...NAMED, 'IMAGE_IN_USE'],
  },
];
