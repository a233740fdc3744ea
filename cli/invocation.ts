/** What a hint calls this program by: npx knows it in the folder of a clone, other shells have it by its name. */
export function invocation(): string {
  return process.env.npm_command === undefined ? 'reveille' : 'npx reveille';
}
