import type { Config } from '../kernel/config.ts'
import type { Carrier, Carriers } from './carrier.ts'
import { consoleTexts, localLetters, type LocalOutbox } from './local-outbox.ts'
import type { Letter, TextMessage } from './post.ts'
import { smtpLetters } from './smtp.ts'
import { snsTexts } from './sns.ts'
import { twilioTexts } from './twilio.ts'

/** The settings of the post. */
type PostSettings = Pick<
  Config,
  | 'SMTP_URL'
  | 'MAIL_FROM'
  | 'SMS_PROVIDER'
  | 'SMS_FROM'
  | 'TWILIO_ACCOUNT_SID'
  | 'TWILIO_AUTH_TOKEN'
  | 'TWILIO_API_URL'
  | 'AWS_REGION'
  | 'AWS_ACCESS_KEY_ID'
  | 'AWS_SECRET_ACCESS_KEY'
  | 'SNS_API_URL'
>

/** Who delivers, as the settings say; `say` shows a line to whoever started the system. */
export function openCarriers(
  settings: PostSettings,
  outbox: LocalOutbox,
  say: (line: string) => void,
): Carriers {
  return { letter: letterCarrier(settings, outbox), text: textCarrier(settings, outbox, say) }
}

function letterCarrier({ SMTP_URL, MAIL_FROM }: PostSettings, outbox: LocalOutbox): Carrier<Letter> {
  return SMTP_URL === '' ? localLetters(outbox) : smtpLetters(SMTP_URL, MAIL_FROM)
}

function textCarrier(
  settings: PostSettings,
  outbox: LocalOutbox,
  say: (line: string) => void,
): Carrier<TextMessage> {
  const { SMS_PROVIDER: provider, SMS_FROM: from } = settings
  if (provider === 'twilio')
    return twilioTexts({
      from,
      apiUrl: settings.TWILIO_API_URL,
      accountSid: settings.TWILIO_ACCOUNT_SID,
      authToken: settings.TWILIO_AUTH_TOKEN,
    })
  if (provider === 'sns')
    return snsTexts({
      from,
      region: settings.AWS_REGION,
      accessKeyId: settings.AWS_ACCESS_KEY_ID,
      secretAccessKey: settings.AWS_SECRET_ACCESS_KEY,
      apiUrl: settings.SNS_API_URL,
    })
  return consoleTexts(outbox, say)
}

/** What a reader of the public page must know about the post of this installation. */
export function postNotes({ SMTP_URL, SMS_PROVIDER }: Pick<Config, 'SMTP_URL' | 'SMS_PROVIDER'>): string[] {
  return [
    ...(SMTP_URL === '' ? ['Letters go to a local outbox: they are written down and not sent.'] : []),
    ...(SMS_PROVIDER === 'console'
      ? ['Text messages are shown on the terminal: they are written down and not sent.']
      : []),
  ]
}
