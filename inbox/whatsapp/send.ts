import { z } from '../kernel/schema.ts'

/** The version of the provider's API that messages are sent with. */
const API_VERSION = 'v23.0'

/** One text message to send. */
export interface OutgoingText {
  readonly phoneNumberId: string
  readonly accessToken: string
  /** A telephone number (digits) or a business-scoped id. */
  readonly to: { readonly kind: 'phone' | 'bsuid'; readonly value: string }
  readonly text: string
  /** Returned with every status, so that a message whose answer was lost is recognised. */
  readonly clientKey: string
}

/**
 * What became of one try: taken by the provider; `later` worth another try; `never` refused for good; `credentials` the channel's
 * token is not accepted. `code` is the provider's own.
 */
export type SendOutcome =
  | { readonly is: 'taken'; readonly providerId: string }
  | { readonly is: 'later' | 'never' | 'credentials'; readonly code: string }

/** Sends one text; never throws for anything the provider or the network does. */
export type SendText = (message: OutgoingText) => Promise<SendOutcome>

const takenShape = z.object({ messages: z.array(z.object({ id: z.string().min(1).max(512) })).min(1) })
const errorShape = z.object({ error: z.object({ code: z.int() }) })

/** Codes that pass by themselves: temporary trouble and rate limits of the API, the number, and one pair of numbers. */
const PASSING = new Set([1, 2, 4, 80_007, 130_429, 131_000, 131_016, 131_048, 131_056, 131_057, 133_004])
/** Codes that say the access token or its rights are gone. */
const CREDENTIALS = new Set([0, 3, 10, 190, 200, 299])
const ANSWER_CHARACTERS_MAX = 65_536

/** A client of the WhatsApp Cloud API at `baseUrl`; the token travels in a header only, redirects are not followed. */
export function whatsAppSender(baseUrl: string, timeoutMs = 15_000): SendText {
  return async (message) => {
    const url = new URL(`/${API_VERSION}/${encodeURIComponent(message.phoneNumberId)}/messages`, baseUrl)
    try {
      const reply = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          authorization: `Bearer ${message.accessToken}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(bodyOf(message)),
      })
      return outcomeOf(reply.status, (await reply.text()).slice(0, ANSWER_CHARACTERS_MAX))
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError'
      return { is: 'later', code: late ? 'timeout' : 'unreachable' }
    }
  }
}

function bodyOf({ to, text, clientKey }: OutgoingText): object {
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    ...(to.kind === 'phone' ? { to: to.value } : { recipient: to.value }),
    type: 'text',
    text: { preview_url: false, body: text },
    biz_opaque_callback_data: clientKey,
  }
}

function outcomeOf(status: number, text: string): SendOutcome {
  const json = jsonOf(text)
  if (status >= 200 && status < 300) {
    const taken = takenShape.safeParse(json)
    const first = taken.success ? taken.data.messages[0] : undefined
    // Taken, but under a name we cannot read: sending again would deliver twice.
    return first === undefined
      ? { is: 'never', code: 'unreadable-answer' }
      : { is: 'taken', providerId: first.id }
  }
  const error = errorShape.safeParse(json)
  const code = error.success ? error.data.error.code : null
  if (code !== null && PASSING.has(code)) return { is: 'later', code: String(code) }
  if (status === 401 || (code !== null && CREDENTIALS.has(code)))
    return { is: 'credentials', code: String(code ?? status) }
  if (status >= 500 || status === 429 || status === 408) return { is: 'later', code: String(code ?? status) }
  return { is: 'never', code: String(code ?? status) }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
