/** Which keys the schema knows at a place. */
import { z } from 'zod';
import type { Path } from './yaml-source.js';

/** What stands at `path`, without defaults and options: one schema, or each case of a union. */
export function schemasAt(schema: z.ZodType, path: Path): z.ZodType[] {
  const cases = bare(schema);
  const [part, ...rest] = path;
  if (part === undefined) return cases;
  return cases.flatMap((one) => {
    const next = child(one, part);
    return next === undefined ? [] : schemasAt(next, rest);
  });
}

/** Keys of a mapping; none for other schemas, and for mappings whose keys are the user's. */
export function keysOf(schema: z.ZodType | undefined): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Keys without which a mapping is incomplete. */
export function requiredKeysOf(schema: z.ZodType): string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const shape: Record<string, z.ZodType> = schema.shape;
  return Object.keys(shape).filter((key) => shape[key]?.safeParse(undefined).success === false);
}

/** Takes wrappers off and unions apart. */
export function bare(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return bare(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodPipe) return bare(schema.in as z.ZodType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => bare(option as z.ZodType));
  return [schema];
}

function child(schema: z.ZodType, part: string | number): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) {
    const shape: Record<string, unknown> = schema.shape;
    return Object.hasOwn(shape, part) ? (shape[part] as z.ZodType) : undefined;
  }
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  return undefined;
}
