// Errors of native models as people read them: the code they carry, and the model's name as the place.
import { type ErrorCode, RefineError } from '../../../native/index.js';

const PASSED_ON: readonly ErrorCode[] = ['ERR_REFINE_WEIGHTS', 'ERR_REFINE_INPUT', 'ERR_REFINE_ASSET', 'ERR_REFINE_MEMORY'];

/** For `catch (error) { throw modelError(error, place) }`; an error without such a code stays what it is: a bug. */
export function modelError(error: unknown, place: string): unknown {
  if (!(error instanceof Error) || error instanceof RefineError) return error;
  const code = PASSED_ON.find((known) => known === (error as { code?: unknown }).code);
  return code === undefined ? error : new RefineError(code, error.message, { place, cause: error });
}
