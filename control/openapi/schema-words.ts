/** What the schemas of answers are made of. */
import { z } from 'zod';

/** The schema itself, where it has just the fields of T: one that T lacks, or that it lacks, does not compile. */
export const of =
  <T>() =>
  <S extends z.ZodType<T>>(schema: keyof T extends keyof z.output<S> ? S : never): S =>
    schema;

export const optional = z.exactOptional;
export const time = () => z.number().meta({ description: 'Milliseconds since 1970.' });
export const duration = () => z.number().meta({ description: 'Milliseconds.' });
export const count = () => z.number().int().nonnegative();
