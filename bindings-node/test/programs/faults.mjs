// Provokes every fault, and prints nothing by itself.

import { FAULTS } from '../faults.mjs';
import { TOKENS, scripted } from '../scripted.mjs';

const script = await scripted();
for (const { make, says, status } of FAULTS) {
  const value = make();
  script.answer = () => says(value);
  if ((await script.handle()).status !== status) process.exit(3);
}
script.answer = () => TOKENS;
if ((await script.handle()).status !== 200) process.exit(4);
