import { z } from '../kernel/schema.ts'
import { NotTaken, type Carrier } from './carrier.ts'
import type { TextMessage } from './post.ts'

const TIMEOUT_MS = 15_000
/** Numbers that will never take a message: invalid, not mobile, not reachable, region not allowed, stopped by its owner. */
const FINAL_CODES: readonly number[] = [
  21_211, 21_214, 21_217, 21_408, 21_610, 21_612, 21_614, 30_003, 30_005, 30_006,
]

const answerSchema = z.object({
  code: z.number().nullish(),
  status: z.union([z.string(), z.number()]).nullish(),
  error_code: z.number().nullish(),
})

/** How to reach Twilio, and whose account pays. */
export interface TwilioSettings {
  readonly apiUrl: string
  readonly accountSid: string
  /** Asked for at each message. */
  readonly authToken: () => string
  /** A number, a sender name or the SID of a messaging service. */
  readonly from: string
}

/** Text messages through Twilio's Messages resource (API of 2010-04-01), one form post each. */
export function twilioTexts({ apiUrl, accountSid, authToken, from }: TwilioSettings): Carrier<TextMessage> {
  const url = new URL(`/2010-04-01/Accounts/${accountSid}/Messages.json`, apiUrl)
  const authorization = (): string =>
    `Basic ${Buffer.from(`${accountSid}:${authToken()}`).toString('base64')}`
  return {
    name: 'twilio',
    standIn: false,
    carry: async ({ to, text, goodUntil }) => {
      const sender = from.startsWith('MG') ? { MessagingServiceSid: from } : { From: from }
      const body = new URLSearchParams({ To: to, Body: text, ...sender, ...validity(goodUntil) })
      const reply = await fetch(url, {
        method: 'POST',
        headers: { authorization: authorization(), accept: 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch(() => {
        throw new NotTaken('Twilio could not be reached', false)
      })
      const answer = answerSchema.safeParse(await reply.json().catch(() => null))
      requireTaken(reply.status, answer.success ? answer.data : {})
    },
  }
}

/** Twilio drops what waits longer than this many seconds; a code needs no more than its lifetime. */
function validity(goodUntil: Date | undefined): { readonly ValidityPeriod?: string } {
  return goodUntil === undefined ? {} : { ValidityPeriod: '600' }
}

interface TwilioAnswer {
  readonly code?: number | null | undefined
  readonly status?: string | number | null | undefined
  readonly error_code?: number | null | undefined
}

function requireTaken(status: number, answer: TwilioAnswer): void {
  const reason = answer.code ?? answer.error_code ?? null
  if (status === 201 && answer.status !== 'failed' && answer.status !== 'undelivered') return
  const forGood = reason !== null && FINAL_CODES.includes(reason)
  throw new NotTaken(`Twilio answered ${status}${reason === null ? '' : ` (${reason})`}`, forGood)
}
