import type { AwsVmArgs } from '../../../dist/config/index.js';
import type { TemplateContext, TemplateOutputs } from '../../runner/context.js';
import { awsMachine } from './machine.js';

/** A machine of AWS, which the provider `ec2` wakes and stops. */
export default function awsVm(args: AwsVmArgs, context: TemplateContext): TemplateOutputs {
  return awsMachine(args, args.userData, context);
}
