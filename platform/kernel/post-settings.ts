import { z } from './schema.ts'

const httpUrl = z.url({ protocol: /^https?$/ })

/** Settings of letters and text messages, and of AWS. */
export const postSettings = {
  SMTP_URL: {
    type: z.union([z.literal(''), z.url({ protocol: /^smtps?$/ })]),
    fallback: '',
    says: 'Mail server for letters, `smtps://user:password@host:465` or `smtp://…:587` with STARTTLS, which only a server on this machine may lack; empty: a local outbox, which sends nothing and says so.',
  },
  MAIL_FROM: {
    type: z.union([z.literal(''), z.email()]),
    fallback: '',
    says: 'Address that letters come from; needed with `SMTP_URL`.',
  },
  SMS_PROVIDER: {
    type: z.enum(['console', 'twilio', 'sns']),
    fallback: 'console',
    says: 'Who delivers text messages: `twilio`, `sns` (AWS), or `console`, which shows them on the terminal and sends nothing.',
  },
  SMS_FROM: {
    type: z.string().regex(/^(\+[1-9]\d{6,14}|MG[0-9a-f]{32}|[A-Za-z0-9 ]{1,11})?$/),
    fallback: '',
    says: 'Who text messages come from: a number, a sender name or, with Twilio, the SID of a messaging service.',
  },
  SMS_COUNTRIES: {
    type: z
      .string()
      .regex(/^([A-Z]{2}(,[A-Z]{2})*)?$/)
      .transform((list) => (list === '' ? [] : list.split(','))),
    fallback: '',
    says: 'Countries that text messages may go to, ISO 3166 codes separated by commas; needed with a provider that sends.',
  },
  SMS_CODES_PER_HOUR: {
    type: z.coerce.number().int().min(10).max(1_000_000),
    fallback: '300',
    says: 'How many codes are sent in an hour at most; a country gets half, a workspace a third, an area code a tenth of it.',
  },
  TWILIO_ACCOUNT_SID: {
    type: z.string().regex(/^(AC[0-9a-f]{32})?$/),
    fallback: '',
    says: 'Account of Twilio.',
  },
  TWILIO_AUTH_TOKEN: { type: z.string(), fallback: '', says: 'Its secret token.' },
  TWILIO_API_URL: {
    type: httpUrl,
    fallback: 'https://api.twilio.com',
    says: 'Where Twilio is asked, e.g. in another region.',
  },
  AWS_REGION: {
    type: z.string().regex(/^([a-z]{2}(-[a-z]+)+-\d)?$/),
    fallback: '',
    says: 'Region of AWS SNS and AWS KMS; needed with `SMS_PROVIDER=sns`, and by a root key that is not named by its ARN.',
  },
  AWS_ACCESS_KEY_ID: {
    type: z.string(),
    fallback: '',
    says: 'Access key for AWS SNS and AWS KMS; empty: the credentials of the machine’s role.',
  },
  AWS_SECRET_ACCESS_KEY: { type: z.string(), fallback: '', says: 'Its secret.' },
  SNS_API_URL: {
    type: z.union([z.literal(''), httpUrl]),
    fallback: '',
    says: 'Where AWS SNS is asked; empty: the public address of the region.',
  },
} as const satisfies Record<string, { type: z.ZodType; fallback: string; says: string }>

/** Settings of letters and text messages, parsed. */
export type PostConfig = {
  readonly [Name in keyof typeof postSettings]: z.output<(typeof postSettings)[Name]['type']>
}

/** Which settings of letters and text messages contradict each other. */
export function postContradictions(config: PostConfig): string[] {
  const { SMS_PROVIDER: provider } = config
  const needs = (
    name:
      | 'MAIL_FROM'
      | 'SMS_COUNTRIES'
      | 'SMS_FROM'
      | 'TWILIO_ACCOUNT_SID'
      | 'TWILIO_AUTH_TOKEN'
      | 'AWS_REGION',
    of: string,
  ): string[] => (config[name].length === 0 ? [`${name}: needed with ${of}. ${postSettings[name].says}`] : [])
  const chosen = `SMS_PROVIDER=${provider}`
  return [
    ...(config.SMTP_URL === '' ? [] : needs('MAIL_FROM', 'SMTP_URL')),
    ...(provider === 'console' ? [] : needs('SMS_COUNTRIES', chosen)),
    ...(provider === 'twilio'
      ? [
          ...needs('TWILIO_ACCOUNT_SID', chosen),
          ...needs('TWILIO_AUTH_TOKEN', chosen),
          ...needs('SMS_FROM', chosen),
        ]
      : []),
    ...(provider === 'sns' ? needs('AWS_REGION', chosen) : []),
  ]
}
