/** Seals anew what was sealed under a former secret, so that it can be dropped from the settings. */

import { settings } from '../../config/settings.ts';
import { reseal } from '../../core/sealing/reseal.ts';
import { onDirectory } from '../operator.ts';

export const resealAll = onDirectory(async ({ core }) => {
  const report = await reseal(core);
  const { resealed, unopened } = report;
  const isClean = unopened === 0;
  return {
    json: report,
    text: `${resealed} sealed anew${isClean ? '' : `, ${unopened} could not be opened`}.`,
    notes: isClean
      ? []
      : [`what could not be opened was sealed under a secret that is not in ${settings.oldSecrets.name}`],
  };
});
