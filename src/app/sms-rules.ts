/** The rules of text messages that the settings name; none for the development outbox. */
import { type Config, ConfigError } from '../config/config.ts';
import { settings } from '../config/settings.ts';
import type { SmsRules } from '../core/messaging/sms-rules.ts';

/** @throws {ConfigError} if the file of prices cannot be used. */
export async function openSmsRules({ sms }: Pick<Config, 'sms'>): Promise<SmsRules | null> {
  if (sms.kind === 'outbox') return null;
  // The metadata of numbers are large.
  const [{ createSmsRules }, { SmsPriceError }] = await Promise.all([
    import('../gateways/sms/sms-rules.ts'),
    import('../gateways/sms/sms-prices.ts'),
  ]);
  try {
    return createSmsRules(sms);
  } catch (error) {
    const problems = error instanceof SmsPriceError ? error.faults : ['cannot be read'];
    throw new ConfigError(
      problems.map((problem) => ({
        name: settings.smsPricesFile.name,
        problem: `${sms.pricesFile} ${problem}`,
      })),
    );
  }
}
