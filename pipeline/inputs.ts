// Where runner and workers get inputs from: the sources in stages/fetch. A module of its own, so that tests can put theirs in its place.
export { localGate } from '../stages/fetch/gate.js';
export { listInputs } from '../stages/fetch/list-inputs.js';
export { openInput } from '../stages/fetch/open-input.js';
