import type { z } from 'zod';
import type { ErrorCode } from '../../errors/index.js';

/** What comes back where all is well. */
export interface Answer {
  description: string;
  /** Absent: text of this media type. */
  schema?: z.ZodType;
  media?: string;
}

export interface Operation {
  /** Name for generated clients. */
  id: string;
  method: 'get' | 'post' | 'put' | 'delete';
  /** With `{name}` for what varies. */
  path: string;
  summary: string;
  description?: string;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Whether there has to be a body. */
  needsBody?: true;
  answers: Readonly<Record<number, Answer>>;
  /** Beside those of every operation. */
  errors: readonly ErrorCode[];
  /** Neither token nor Host header is looked at. */
  open?: true;
}
