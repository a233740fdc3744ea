/** A process that fetches one URL into a part: `node fetch-child.js PART SOURCE-AS-JSON SETTINGS-AS-JSON`. */
import { fetchSource } from '../../activities/images/fetch/index.js';

const [part = '', source = '', settings = ''] = process.argv.slice(2);
const context = { signal: new AbortController().signal, progress() {}, async reserve() {} };
const fetched = await fetchSource(JSON.parse(source), part, JSON.parse(settings), context);
process.stdout.write(JSON.stringify(fetched));
