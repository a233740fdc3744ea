import { join, resolve } from 'node:path';
import type { LocalArgs } from '../../dist/config/index.js';
import type { TemplateContext, TemplateOutputs } from '../runner/context.js';
import site from './local-site.cjs';

/**
 * A folder with a small web application, run by the provider `process`: needs no cloud, and shows how a template is
 * made.
 */
export default function local(args: LocalArgs, context: TemplateContext): TemplateOutputs {
  const folder =
    args.folder === undefined ? join(context.folder, 'site') : resolve(context.configFolder, args.folder);
  const { folder: cwd } = new site.LocalSite(context.name, { folder, application: application(args) });
  return { provider: 'process', settings: { command: [process.execPath, site.MODULE], cwd } };
}

const application = ({ message }: LocalArgs): string => `import { createServer } from 'node:http';
const message = ${JSON.stringify(message)};
createServer((request, response) => response.end(message + '\\n')).listen(process.env.PORT, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;
