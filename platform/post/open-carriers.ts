import type { Config } from '../kernel/config.ts'
import type { Carrier, Carriers } from './carrier.ts'
import { consoleTexts, localLetters, type LocalOutbox } from './local-outbox.ts'
import type { Letter, TextMessage } from './post.ts'
import { smtpLetters } from './smtp.ts'
import { snsTexts } from './sns.ts'
import { twilioTexts } from './twilio.ts'

/** The secret settings of the post; each is asked for when it is used, so that another value counts from then on. */
export interface PostSecrets {
  read(name: 'SMTP_URL' | 'TWILIO_AUTH_TOKEN' | 'AWS_SECRET_ACCESS_KEY'): string
}

/** The settings of the post. */
type PostSettings = Pick<
  Config,
  | 'MAIL_FROM'
  | 'SMS_PROVIDER'
  | 'SMS_FROM'
  | 'TWILIO_ACCOUNT_SID'
  | 'TWILIO_API_URL'
  | 'AWS_REGION'
  | 'AWS_ACCESS_KEY_ID'
  | 'SNS_API_URL'
>

/** Who delivers, as the settings say; `say` shows a line to whoever started the system. */
export function openCarriers(
  settings: PostSettings,
  outbox: LocalOutbox,
  say: (line: string) => void,
  secrets: PostSecrets,
): Carriers {
  return {
    letter: letterCarrier(settings, outbox, secrets),
    text: textCarrier(settings, outbox, say, secrets),
  }
}

/** The mail server while there is one, else the local outbox. */
function letterCarrier(
  { MAIL_FROM: from }: PostSettings,
  outbox: LocalOutbox,
  secrets: PostSecrets,
): Carrier<Letter> {
  const [local, smtp] = [localLetters(outbox), smtpLetters(() => secrets.read('SMTP_URL'), from)]
  const now = (): Carrier<Letter> => (secrets.read('SMTP_URL') === '' ? local : smtp)
  return {
    get name() {
      return now().name
    },
    get standIn() {
      return now().standIn
    },
    carry: (letter) => now().carry(letter),
  }
}

function textCarrier(
  settings: PostSettings,
  outbox: LocalOutbox,
  say: (line: string) => void,
  secrets: PostSecrets,
): Carrier<TextMessage> {
  const { SMS_PROVIDER: provider, SMS_FROM: from } = settings
  if (provider === 'twilio')
    return twilioTexts({
      from,
      apiUrl: settings.TWILIO_API_URL,
      accountSid: settings.TWILIO_ACCOUNT_SID,
      authToken: () => secrets.read('TWILIO_AUTH_TOKEN'),
    })
  if (provider === 'sns')
    return snsTexts({
      from,
      region: settings.AWS_REGION,
      accessKeyId: settings.AWS_ACCESS_KEY_ID,
      secretAccessKey: () => secrets.read('AWS_SECRET_ACCESS_KEY'),
      apiUrl: settings.SNS_API_URL,
    })
  return consoleTexts(outbox, say)
}

/** What a reader of the public page must know about the post of this installation. */
export function postNotes({ SMS_PROVIDER }: Pick<Config, 'SMS_PROVIDER'>, secrets: PostSecrets): string[] {
  return [
    ...(secrets.read('SMTP_URL') === ''
      ? ['Letters go to a local outbox: they are written down and not sent.']
      : []),
    ...(SMS_PROVIDER === 'console'
      ? ['Text messages are shown on the terminal: they are written down and not sent.']
      : []),
  ]
}
