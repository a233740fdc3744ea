import type * as pulumi from '@pulumi/pulumi';

type Input<T> = pulumi.Input<T>;

/** What a template is told beside its arguments. */
export interface TemplateContext {
  /** The resource; of a pool the member. */
  readonly name: string;
  /** What a member of a pool was made from, and `params` of the resource. */
  readonly params: Readonly<Record<string, string>>;
  /** To be put on everything that bears tags or labels: lower case, hyphens, at most 63 characters. */
  readonly tags: Readonly<Record<string, string>>;
  /** Of the resource in the state folder, for what a template keeps on this machine. It goes with `delete`. */
  readonly folder: string;
  /** Pulumi's library: a template that needs no other package needs none installed beside it. */
  readonly pulumi: typeof pulumi;
  /** Of the configuration file: relative paths begin here. */
  readonly configFolder: string;
}

/** What a template gives: who wakes and stops the instance from now on, and with which settings. */
export interface TemplateOutputs {
  /** Such as `ec2`: a provider of reveille.yaml. */
  readonly provider: Input<string>;
  /** As they would stand under its name in reveille.yaml. */
  readonly settings: Input<Record<string, Input<unknown>>>;
  /** Instead of the resource's, where the template knows better. */
  readonly endpoint?: Input<{ host?: Input<string>; port?: Input<number | 'auto'> }>;
}

/** The default export of a template's module. */
export type Template<Args> = (
  args: Args,
  context: TemplateContext,
) => TemplateOutputs | Promise<TemplateOutputs>;
