/** Something else came of a case than it says. Step 0 is the case as a whole. */
export class Mismatch extends Error {
  constructor(name, step, what) {
    super(`case "${name}", step ${step}: ${what}`);
  }
}
