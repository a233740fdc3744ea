import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;
type History = proto.temporal.api.history.v1.IHistory;

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * A history as JSON, in protobufjs's own words. Not the SDK's historyToJSON and historyFromJSON: they fail where
 * npm installs protobufjs twice ("type must be a Type").
 */
export function toJson(history: History): Json {
  return History.toObject(History.fromObject(history), { enums: String, longs: String, bytes: String });
}

export const fromJson = (json: object): History => History.fromObject(json);
