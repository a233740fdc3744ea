// Compiles TypeScript into dist/ and bundles the workflows, where anything changed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = (...parts) => join(root, 'dist', ...parts);

compile(root);
buildDashboard();

await bundleWorkflows();

function compile(project) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });
}

/** What browsers load: modules of their own, those that they share with the server, page and style as they are. */
function buildDashboard() {
  const folder = join(root, 'control/browser');
  compile(folder);
  for (const name of readdirSync(folder).filter((file) => /\.(html|css)$/.test(file)))
    copyFileSync(join(folder, name), dist('control/browser', name));
  for (const name of ['contract.js', 'images-contract.js', 'words.js'])
    copyFileSync(dist('control', name), dist('control/browser', name));
}

async function bundleWorkflows() {
  const hash = createHash('sha256');
  for (const folder of ['workflows', 'errors']) {
    for (const name of readdirSync(dist(folder), { recursive: true })
      .filter((file) => file.endsWith('.js'))
      .sort()) {
      hash.update(name).update(readFileSync(dist(folder, name)));
    }
  }
  hash.update(readFileSync(join(root, 'node_modules/@temporalio/workflow/package.json')));
  const stamp = hash.digest('hex');
  const bundle = dist('workflow-bundle.js');
  const stampFile = dist('workflow-bundle.stamp');
  if (!existsSync(bundle) || !existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
    const { bundleWorkflowCode } = await import(
      pathToFileURL(join(root, 'node_modules/@temporalio/worker/lib/index.js')).href
    );
    const quiet = { trace() {}, debug() {}, info() {}, warn() {}, log() {}, error: console.error };
    const { code } = await bundleWorkflowCode({ workflowsPath: dist('workflows/index.js'), logger: quiet });
    writeFileSync(`${bundle}.tmp`, code);
    renameSync(`${bundle}.tmp`, bundle);
    writeFileSync(stampFile, stamp);
  }
}
