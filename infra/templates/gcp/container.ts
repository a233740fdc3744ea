import { output } from '@pulumi/pulumi';
import type { GcpContainerArgs } from '../../../dist/config/index.js';
import type { TemplateContext, TemplateOutputs } from '../../runner/context.js';
import { cloudInit } from '../cloud-init.js';
import { gcpMachine } from './machine.js';

/** It has Docker and cloud-init, and keeps itself up to date. */
const IMAGE = 'cos-cloud/cos-stable';

/** A container on a machine of Google Cloud of its own, which the provider `gce` wakes and stops. */
export default function gcpContainer(args: GcpContainerArgs, context: TemplateContext): TemplateOutputs {
  // A secret where a reference was in it.
  const userData = output(args.env).apply((env) => cloudInit({ ...args, env }));
  return gcpMachine({ ...args, image: IMAGE }, { metadata: { 'user-data': userData } }, context);
}
