import { output } from '@pulumi/pulumi';
import type { AwsContainerArgs } from '../../../dist/config/index.js';
import type { TemplateContext, TemplateOutputs } from '../../runner/context.js';
import { cloudInit } from '../cloud-init.js';
import { awsMachine } from './machine.js';

/** A container on a machine of AWS of its own, which the provider `ec2` wakes and stops. */
export default function awsContainer(args: AwsContainerArgs, context: TemplateContext): TemplateOutputs {
  // A secret where a reference was in it.
  const userData = output(args.env).apply((env) => cloudInit({ ...args, env }, args.dockerPackage));
  return awsMachine(args, userData, context);
}
