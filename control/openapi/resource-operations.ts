import { z } from 'zod';
import { RESOURCES_PATH } from '../contract.js';
import { bodies, queries } from '../inputs.js';
import { answers } from './answers.js';
import type { Answer, Operation } from './operation.js';

const ONE = `${RESOURCES_PATH}/{name}`;
/** What the calls of a resource's life may end with. */
const LIFE = ['USAGE', 'RESOURCE_UNKNOWN', 'POOL_NAMED', 'TEMPORAL_UNREACHABLE'] as const;
/** And those that wait for it. */
const BOOT = ['BOOT_FAILED', 'INSTANCE_DIED', 'HEALTH_TIMEOUT', 'HOLD_TIMEOUT', 'NO_WORKER'] as const;
const ASKED: Answer = {
  description: 'It was asked for, and is done whatever becomes of this process',
  schema: answers.action,
};
const NO_LOSS = 'Calling it again does no harm.';

export const resourceOperations: readonly Operation[] = [
  {
    id: 'listResources',
    method: 'get',
    path: RESOURCES_PATH,
    summary: 'Every resource and pool',
    query: queries.none,
    answers: { 200: { description: 'By name', schema: answers.list } },
    errors: ['USAGE', 'TEMPORAL_UNREACHABLE'],
  },
  {
    id: 'showResource',
    method: 'get',
    path: ONE,
    summary: 'One resource, with all that its workflow says',
    query: queries.none,
    answers: { 200: { description: 'How it is', schema: answers.details } },
    errors: ['USAGE', 'RESOURCE_UNKNOWN', 'TEMPORAL_UNREACHABLE'],
  },
  {
    id: 'putResource',
    method: 'put',
    path: ONE,
    summary: 'Make a resource from a template, or change it',
    description: `Kept as a file of resources.d beside the configuration, and applied by a reload. ${NO_LOSS}`,
    query: queries.none,
    body: bodies.put,
    needsBody: true,
    answers: {
      200: { description: 'It was there, and is changed', schema: answers.instance },
      201: { description: 'It is new', schema: answers.instance },
    },
    errors: ['USAGE'],
  },
  {
    id: 'deleteResource',
    method: 'delete',
    path: ONE,
    summary: 'Remove an instance and all that it keeps',
    description: 'What was made by putResource is taken out of the configuration, too.',
    query: queries.delete,
    answers: { 200: { description: 'It is gone, or nothing was there', schema: gone() }, 202: ASKED },
    errors: [...LIFE, 'STOP_FAILED', 'NO_WORKER'],
  },
  {
    id: 'logsOfResource',
    method: 'get',
    path: `${ONE}/logs`,
    summary: "The end of an instance's log",
    description: 'With follow the answer goes on until the caller ends it.',
    query: queries.logs,
    answers: { 200: { description: 'Lines, without secrets', media: 'text/plain' } },
    errors: ['USAGE', 'RESOURCE_UNKNOWN', 'POOL_NAMED'],
  },
  {
    id: 'wakeResource',
    method: 'post',
    path: `${ONE}/wake`,
    summary: 'Wake it',
    description: NO_LOSS,
    query: queries.wait,
    body: bodies.wake,
    answers: { 200: { description: 'It is ready', schema: answers.action }, 202: ASKED },
    errors: [...LIFE, ...BOOT],
  },
  {
    id: 'stopResource',
    method: 'post',
    path: `${ONE}/stop`,
    summary: 'Put it to sleep',
    description: NO_LOSS,
    query: queries.wait,
    body: bodies.stop,
    answers: { 200: { description: 'It is asleep', schema: answers.action }, 202: ASKED },
    errors: [...LIFE, 'STOP_FAILED', 'NO_WORKER'],
  },
  {
    id: 'pinResource',
    method: 'post',
    path: `${ONE}/pin`,
    summary: 'Wake it and keep it awake',
    query: queries.none,
    body: bodies.pin,
    answers: { 202: ASKED },
    errors: LIFE,
  },
  {
    id: 'unpinResource',
    method: 'post',
    path: `${ONE}/unpin`,
    summary: 'Let it fall asleep again',
    query: queries.none,
    body: bodies.none,
    answers: { 200: { description: 'It is asleep', schema: answers.action }, 202: ASKED },
    errors: LIFE,
  },
];

/** What was there by itself, and what callers had made. */
function gone() {
  return z.union([answers.action, answers.instance]);
}
