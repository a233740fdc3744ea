import type { GcpVmArgs } from '../../../dist/config/index.js';
import type { TemplateContext, TemplateOutputs } from '../../runner/context.js';
import { gcpMachine } from './machine.js';

/** A machine of Google Cloud, which the provider `gce` wakes and stops. */
export default function gcpVm(args: GcpVmArgs, context: TemplateContext): TemplateOutputs {
  return gcpMachine(args, { metadataStartupScript: args.startupScript }, context);
}
