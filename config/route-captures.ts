import type { RouteDefinition } from './resource-schema.js';

const CAPTURE = /\{([a-z][a-z0-9_]*)\}/g;

/** Names of what a route captures, in the order in which they stand. */
export function capturesOf(route: RouteDefinition): string[] {
  if ('tcp' in route) return [];
  const text = `${route.host ?? ''}${'path' in route ? route.path : ''}`;
  return [...text.matchAll(CAPTURE)].map(([, name]) => name ?? '');
}

/** The same for routes that fit the same requests, whatever their captures are called. */
export const pattern = (text: string): string => text.replace(CAPTURE, '{}');

/** A route with its captures filled in. @param value of a capture, by its name. */
export function filled(route: RouteDefinition, value: (name: string) => string): RouteDefinition {
  if ('tcp' in route) return route;
  const fill = (text: string) => text.replace(CAPTURE, (_, name: string) => value(name));
  const host = route.host === undefined ? {} : { host: fill(route.host).toLowerCase() };
  return 'path' in route ? { ...route, ...host, path: fill(route.path) } : { host: fill(route.host) };
}
