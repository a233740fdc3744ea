/** Options that may stand before or after the command. */
export interface GlobalOptions {
  config?: string;
  json?: boolean;
}
