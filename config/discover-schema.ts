import { z } from 'zod';
import { wants } from './wording.js';

const ENGINE = wants('an engine', 'true, unix:///PATH or tcp://HOST:PORT');

/** Resources that stand in no file. */
export const discoverSchema = z.strictObject({
  /** Containers with the label `reveille.enable=true`: of this machine's engine (true), or of that at an address. */
  docker: z
    .union([z.boolean(), z.string().regex(/^(unix:\/\/\/\S+|tcp:\/\/\S+:\d+)$/, { error: ENGINE })], {
      error: ENGINE,
    })
    .default(false),
});
