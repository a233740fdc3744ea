// Set-up alone: dependencies and build.
import { fileURLToPath } from 'node:url';
import { interruptible, prepare } from './setup/index.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
await interruptible((signal) => prepare({ root, signal }));
