import { Processes } from './process-engine.js';
import { conformance } from './suite.js';

conformance({ provider: 'process', needs: [], suspends: true, open: async () => new Processes() });
