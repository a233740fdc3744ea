export type {
  AccessDefinition,
  AsleepAnswer,
  IdentityDefinition,
  JwtDefinition,
  RequestPattern,
  WakeDefinition,
} from './access-schema.js';
export { addressText, type HostPort, isLoopback, splitAddress } from './addresses.js';
export { backlogOf } from './backlog.js';
export { ConfigError, type ConfigIssue, formatIssue } from './config-error.js';
export { type ConfigDiff, diffConfigs } from './diff.js';
export { addDiscovered, type Discovered, discoveredFile, readDiscovered } from './discovered.js';
export type { GceImageSettings } from './gce-image-schema.js';
export { hostName, stateDir } from './host.js';
export {
  COMPRESSIONS,
  type CommandPlace,
  type Ec2Place,
  IMAGE_TYPES,
  type ImageSetting,
  type ImagesDefinition,
  type ImageType,
  imageSourceShape,
} from './image-schema.js';
export {
  configuredImage,
  imageFolder,
  imageKey,
  imageName,
  imagesOf,
  isCloudPlace,
  madeAtClouds,
  type WantedImage,
} from './images.js';
export { type InstanceFile, instanceFile, instanceFolder, instanceSchema } from './instances.js';
export { LEASE_PATH, type LeaseQuestion, type LeaseReply, leaseCallText } from './lease-call.js';
export { defaultConfigFile, loadConfig, loadOwnConfig, parseConfig } from './load.js';
export { createMasker, secretsOf } from './masker.js';
export type { MemberPoolDefinition } from './member-pool-schema.js';
export {
  isNamedAfter,
  keyParts,
  memberName,
  membersStart,
  type Params,
  paramsEnvironment,
} from './members.js';
export { METRICS_CALL } from './metrics-call.js';
export { nearest } from './nearest.js';
export type { Selection } from './pool-schema.js';
export {
  type CountPool,
  countsAsGroup,
  definitionOf,
  isAdmissible,
  isAllowed,
  isKeyPool,
  isMember,
  type KeyPool,
  numberedMembers,
  paramsOfName,
  poolOfMember,
  stretchOf,
  templateOf,
} from './pools.js';
export type { CommandStep } from './providers/command-schema.js';
export { hasGpus } from './providers/gce-schema.js';
export { type HttpCall, type HttpLookup, httpPresets } from './providers/http-schema.js';
export type {
  AwsContainerArgs,
  AwsVmArgs,
  EucalyptusVmArgs,
  GcpContainerArgs,
  GcpVmArgs,
  LocalArgs,
} from './providers/pulumi-args.js';
export type { PulumiSettings } from './providers/pulumi-schema.js';
export {
  type ProviderName,
  providerNames,
  readSettings,
  type SettingsOf,
  settingsOf,
} from './providers/table.js';
export type { Quota } from './quota-schema.js';
export { type ReferenceSources, type Resolved, resolveReferences } from './references.js';
export type {
  HealthDefinition,
  IdleProbeDefinition,
  ResourceDefinition,
  RouteDefinition,
} from './resource-schema.js';
export { revisionOf } from './revision.js';
export { capturesOf, filled } from './route-captures.js';
export { type Config, type ConfigFile, configSchema } from './schema.js';
export { readOrMake, readSecret, SESSION_COOKIE } from './secret.js';
export {
  createLogger,
  type Ending,
  type Handed,
  type Logger,
  type Service,
  type ServiceOptions,
} from './service.js';
export { SIGNATURE_HEADER, sign, verify } from './signature.js';
export { type TcpDoorPlan, tcpDoors, tcpPlace } from './tcp-doors.js';
export type { TcpRoute } from './tcp-route-schema.js';
export { leaseTime } from './timing.js';
export { formatDuration, type Milliseconds, parseDuration } from './units.js';
export { reveilleVersion } from './version.js';
export { readWants } from './wording.js';
