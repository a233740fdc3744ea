/** Each thing that callers can ask of the control address. The document is made from it, and a test finds routes that it lacks. */
import { z } from 'zod';
import { answers } from './answers.js';
import { dashboardOperations } from './dashboard-operations.js';
import { imageOperations } from './image-operations.js';
import type { Operation } from './operation.js';
import { resourceOperations } from './resource-operations.js';

export const operations: readonly Operation[] = [
  ...resourceOperations,
  ...dashboardOperations,
  ...imageOperations,
  {
    id: 'openapi',
    method: 'get',
    path: '/api/v1/openapi.json',
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) } },
    errors: [],
  },
  {
    id: 'metrics',
    method: 'get',
    path: '/metrics',
    summary: 'Metrics of this process and the proxies of this machine',
    answers: { 200: { description: "Prometheus's text format", media: 'text/plain' } },
    errors: [],
  },
  {
    id: 'page',
    method: 'get',
    path: '/',
    summary: 'The dashboard; to sign in, where that is needed',
    answers: { 200: { description: 'It', media: 'text/html' } },
    errors: [],
  },
  {
    id: 'plainPage',
    method: 'get',
    path: '/plain',
    summary: 'The list for browsers without scripts',
    answers: { 200: { description: 'It', media: 'text/html' } },
    errors: [],
  },
  {
    id: 'health',
    method: 'get',
    path: '/healthz',
    summary: 'Whether this process answers',
    answers: { 200: { description: 'It does', media: 'text/plain' } },
    errors: [],
    open: true,
  },
  {
    id: 'readiness',
    method: 'get',
    path: '/readyz',
    summary: 'Whether a request that comes now could be answered',
    answers: {
      200: { description: 'It could', schema: answers.readiness },
      503: { description: 'Something on its way is missing', schema: answers.readiness },
    },
    errors: [],
    open: true,
  },
];

/** Which methods a path knows; undefined where there is no such path. */
export function methodsOf(path: string): string[] | undefined {
  const exact = operations.filter((operation) => operation.path === path);
  const fitting = exact.length > 0 ? exact : operations.filter((one) => patternOf(one.path).test(path));
  const methods = fitting.map(({ method }) => method.toUpperCase());
  return methods.length === 0 ? undefined : methods.flatMap((one) => (one === 'GET' ? [one, 'HEAD'] : [one]));
}

function patternOf(path: string): RegExp {
  const parts = path.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]+')}/?$`);
}
