import type { TemporalConnection } from '../temporal/index.js';
import { searchAttributes } from '../workflows/messages.js';

/** Whether our search attributes exist: setting one that does not would wedge a workflow's task. */
export async function hasSearchAttributes({ client, namespace }: TemporalConnection): Promise<boolean> {
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  return Object.values(searchAttributes).every((name) => customAttributes?.[name] !== undefined);
}
