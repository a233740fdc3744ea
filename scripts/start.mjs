// npm start: set-up, then `reveille up` in this same process, so that a signal has one receiver.
import { fileURLToPath, pathToFileURL } from 'node:url';
import { interruptible, prepare } from './setup/index.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
await interruptible((signal) => prepare({ root, signal }));
const { main } = await import(pathToFileURL(`${root}dist/cli/main.js`).href);
await main(['up', ...process.argv.slice(2)]);
