import { settings } from '../../kernel/config.ts'
import type { z } from '../../kernel/schema.ts'

/**
 * The secrets of the product itself: settings whose value a part of it reads at each use, so that one that is sealed in the
 * database wins from the next use on. Those of customers, such as tokens of channels, are sealed in tables of their own.
 */
export const productSecrets = {
  SMTP_URL: settings.SMTP_URL,
  TWILIO_AUTH_TOKEN: settings.TWILIO_AUTH_TOKEN,
  AWS_SECRET_ACCESS_KEY: settings.AWS_SECRET_ACCESS_KEY,
} as const satisfies Record<string, { readonly type: z.ZodType<string>; readonly says: string }>

/** The name of a secret of the product. */
export type SecretName = keyof typeof productSecrets

/** Every name, in the order of the catalogue. */
export const SECRET_NAMES = Object.keys(productSecrets) as [SecretName, ...SecretName[]]
