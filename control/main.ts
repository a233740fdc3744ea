import type { Service, ServiceOptions } from '../config/index.js';
import { serveControl } from './server.js';
import { connectPlane } from './temporal-plane.js';

/**
 * Starts the control address: API, health, metrics, page. It starts and stays up with Temporal down; /readyz
 * says so.
 * @throws ReveilleError PORT_IN_USE, CONFIG_INVALID, REFERENCE_UNRESOLVED.
 */
export async function startControl(options: ServiceOptions): Promise<Service> {
  return serveControl(options, await connectPlane(options.config));
}
