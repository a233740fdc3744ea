/**
 * A folder with an application in it, as a resource of Pulumi's. CommonJS: the engine serialises the provider's
 * functions with what they refer to, which it cannot do with modules of the other kind.
 */
import pulumi = require('@pulumi/pulumi');

interface SiteInputs {
  /** Absolute. */
  readonly folder: string;
  /** Text of its one module. */
  readonly application: string;
}

/** Says whose the folder is: only such a one is ever written into or removed. */
const MARKER = '.reveille-site';
const MODULE = 'application.mjs';

function write({ folder, application }: SiteInputs): void {
  const fs: typeof import('node:fs') = require('node:fs');
  const path: typeof import('node:path') = require('node:path');
  const marker = path.join(folder, MARKER);
  if (fs.existsSync(folder) && !fs.existsSync(marker)) {
    throw new Error(`${folder} exists already, and was not made by this template`);
  }
  // The marker comes with the folder in one step: one that is cut off in between has left nothing in its place.
  if (!fs.existsSync(folder)) {
    fs.mkdirSync(path.dirname(folder), { recursive: true });
    const draft = `${folder}.new`;
    fs.rmSync(draft, { recursive: true, force: true });
    fs.mkdirSync(draft, { mode: 0o755 });
    fs.writeFileSync(path.join(draft, MARKER), '');
    fs.renameSync(draft, folder);
  }
  fs.writeFileSync(path.join(folder, MODULE), application);
}

function remove(folder: string): void {
  const fs: typeof import('node:fs') = require('node:fs');
  const path: typeof import('node:path') = require('node:path');
  fs.rmSync(`${folder}.new`, { recursive: true, force: true });
  if (fs.existsSync(path.join(folder, MARKER))) fs.rmSync(folder, { recursive: true, force: true });
}

/** Each of its steps comes to the same end when it is done again. */
const provider: pulumi.dynamic.ResourceProvider<SiteInputs, SiteInputs> = {
  async create(inputs) {
    write(inputs);
    return { id: inputs.folder, outs: inputs };
  },
  async update(_id, _old, inputs) {
    write(inputs);
    return { outs: inputs };
  },
  async diff(_id, old, inputs) {
    const replaces = old.folder === inputs.folder ? [] : ['folder'];
    return { changes: replaces.length > 0 || old.application !== inputs.application, replaces };
  },
  async delete(id) {
    remove(id);
  },
};

class LocalSite extends pulumi.dynamic.Resource {
  declare readonly folder: pulumi.Output<string>;
  constructor(name: string, inputs: { [K in keyof SiteInputs]: pulumi.Input<SiteInputs[K]> }) {
    super(provider, name, inputs);
  }
}

export = { LocalSite, MODULE };
