export type {
  HealthDefinition,
  IdleProbeDefinition,
  ProcessSettings,
  ResourceDefinition,
  RouteDefinition,
} from './resource-schema.js';
export { type Config, type ConfigFile, configSchema } from './schema.js';
export { createLogger, type Logger, type Service, type ServiceOptions } from './service.js';
export { type Milliseconds, parseDuration, parseSize } from './units.js';
