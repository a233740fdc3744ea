import type { ErrorEntry } from './entry.js';

/** Configuration and set-up. */
export const setupErrors = {
  CONFIG_NOT_FOUND: {
    status: 500,
    title: 'The configuration file cannot be read',
    remedy: 'Name an existing file with --config FILE, or create reveille.yaml in this folder.',
  },
  CONFIG_INVALID: {
    status: 500,
    title: 'The configuration has errors',
    remedy: 'Mend each line that is named; `reveille check` prints them all at once.',
  },
  REFERENCE_UNRESOLVED: {
    status: 500,
    title: 'A ${env:NAME} or ${file:PATH} of the configuration leads to nothing',
    remedy:
      'Set the environment variable, or create the file, on the machine and for the user that runs Reveille there.',
  },
  PORT_IN_USE: {
    status: 500,
    title: 'A port that Reveille listens on is in use',
    remedy:
      'End the program that listens there (often another `reveille up`), or change the address in reveille.yaml.',
  },
  ALREADY_RUNNING: {
    status: 500,
    title: 'Reveille runs already on this state folder',
    remedy:
      'End it first (Ctrl-C where it runs), or give this one another folder with `state` in reveille.yaml.',
  },
  NOT_RUNNING: {
    status: 500,
    title: 'No `reveille up` runs on this state folder',
    remedy: 'Start it, or name the configuration that it runs with by --config FILE.',
  },
  SETUP_FAILED: {
    status: 500,
    title: 'Set-up did not succeed',
    remedy: 'Do what the message says and run the command again: set-up goes on where it stopped.',
  },
  TEMPORAL_MISSING: {
    status: 500,
    title: 'Temporal, the engine that Reveille keeps its state in, was not found and could not be had',
    remedy:
      'Install the Temporal command line (`temporal`) or Go 1.24 or newer to build it, or set TEMPORAL_ADDRESS to a server that runs.',
  },
  PULUMI_MISSING: {
    status: 503,
    title: "What the provider `pulumi` needs is not installed on the worker's machine",
    remedy:
      'Run `node scripts/infra.mjs` in the folder of Reveille, which gets the Pulumi command line and the npm packages of infra/; or install the Pulumi CLI yourself. All other providers work without it.',
  },
  USAGE: {
    status: 400,
    title: 'The command or request was not understood',
    remedy: 'See `reveille --help`; for the API, /api/v1/openapi.json.',
  },
  FILE_EXISTS: {
    status: 409,
    title: 'The file exists already',
    remedy: 'Nothing is written over a file of yours: name another, or move that one away.',
  },
} as const satisfies Record<string, ErrorEntry>;
