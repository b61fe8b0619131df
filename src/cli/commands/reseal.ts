/** Reseals everything that a former secret sealed, so that the former secret can be removed from the settings. */

import { settings } from '../../config/settings.ts';
import { reseal } from '../../core/sealing/reseal.ts';
import { onDirectory } from '../operator.ts';

export const resealAll = onDirectory(async ({ core }) => {
  const report = await reseal(core);
  const { resealed, unopened } = report;
  const isClean = unopened === 0;
  return {
    json: report,
    text: `${resealed} resealed${isClean ? '' : `, ${unopened} could not be opened`}.`,
    notes: isClean
      ? []
      : [
          `texts that could not be opened were sealed under a secret that is not in ${settings.oldSecrets.name}`,
        ],
  };
});
