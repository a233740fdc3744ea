/** What stops set-up: `code` is one of errors/catalogue.ts, which cannot be imported before the build. */
export class SetupError extends Error {
  name = 'SetupError';

  /** @param {string} code @param {string} message @param {string} remedy what the reader does about it */
  constructor(code, message, remedy) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/** Set-up was told to end. Not an error to report: whoever sent the signal knows. */
export class Interrupted extends Error {
  name = 'Interrupted';
}
