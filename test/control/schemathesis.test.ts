// Schemathesis makes requests out of the OpenAPI document, allowed ones and others, and holds the answers against it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { engine, needs } from '../kit/engines.js';
import { addApp, reveille } from '../kit/reveille.js';
import { site, untilUp } from '../kit/up.js';

/** Bounds of the run: it ends by either. */
const EXAMPLES = 25;
const SECONDS = 40;

/**
 * What a document cannot say: whether a time is over, what a URL may be, whether a template is there and has such a key; a log that is
 * followed has no end, nor has the feed; and what stands in the configuration is there, asleep, after its instance was deleted.
 */
const SETTINGS = `
[checks]
use_after_free.enabled = false

[[operations]]
include-operation-id = ["pinResource", "putResource", "addImage"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 404, 409]

[[operations]]
include-operation-id = "logsOfResource"
parameters = { "query.follow" = "false" }

[[operations]]
include-operation-id = "events"
enabled = false
`;

const isThere = { skip: needs('temporal').skip || needs('schemathesis').skip };

test('schemathesis finds nothing wrong with the API of a whole Reveille', isThere, async (t) => {
  const place = await site(t);
  addApp(place);
  appendFileSync(
    place.file,
    `  preview:
    provider: process
    process: { command: [node, -e, "setInterval(() => {}, 1000)"] }
    health: none
    routes: [{ host: "{pr}.localhost" }]
    pool: { key: ["{pr}"] }
`,
  );
  await untilUp(reveille(t, place, 'up'));
  const settings = join(place.folder, 'schemathesis.toml');
  writeFileSync(settings, SETTINGS);
  const document = `http://127.0.0.1:${place.control}/api/v1/openapi.json`;
  const bounds = ['-n', `${EXAMPLES}`, '--max-time', `${SECONDS}`, '--seed', '1', '--no-color'];
  const child = spawn(
    engine('schemathesis'),
    ['-m', 'schemathesis.cli', '--config-file', settings, 'run', document, ...bounds],
    { cwd: place.folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 0, output);
  assert.match(output, /Tested: (19|[2-9]\d)/);
});
