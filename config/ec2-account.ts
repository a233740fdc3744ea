import { z } from 'zod';
import { reference, text, webUrl } from './values.js';
import { wants } from './wording.js';

const SECRET = wants('a secret by reference', 'a reference such as ${env:AWS_SECRET_ACCESS_KEY}');
const secretReference = reference.refine((value) => /\$\{(env|file):/.test(value), SECRET);

/** Which account of which cloud with EC2's interface. */
export const ec2Account = {
  /** Region, such as eu-central-1. Default: where the SDK finds it: AWS_REGION, or ~/.aws/config. */
  region: text('a region').optional(),
  /** URL of an EC2-compatible service, such as that of a Eucalyptus site. Default: AWS. */
  endpoint: webUrl.optional(),
  /** Default: where the SDK finds them: environment, ~/.aws, the role of the machine or container. */
  credentials: z
    .strictObject({
      /** Its public half. */
      accessKeyId: reference,
      /** Its secret half: a reference. */
      secretAccessKey: secretReference,
      /** Of temporary ones: a reference. */
      sessionToken: secretReference.optional(),
    })
    .optional(),
  /** Profile of ~/.aws whose credentials and region are used. */
  profile: text('a profile').optional(),
};
