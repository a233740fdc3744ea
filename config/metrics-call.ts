/**
 * The call by which control asks a proxy or a worker of its machine for its metrics, as prom-client's JSON: signed over
 * this text with the shared secret.
 */
export const METRICS_CALL = 'GET /metrics';
