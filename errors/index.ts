export { catalogue, type ErrorCode, type ErrorEntry } from './catalogue.js';
export { isReveilleError, type Problem, ReveilleError, type ReveilleErrorOptions } from './reveille-error.js';
