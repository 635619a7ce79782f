import { createHmac, randomBytes } from 'node:crypto'
import type { Gateway, GatewayAnswer } from '../gateway.ts'

/** A contact that does not exist; the number is of a range reserved for fiction. */
export interface SampleContact {
  readonly name: string
  readonly phone: string
}

/** What the provider and the channel agreed on. */
export interface ProviderAgreement {
  /** Where deliveries go, below the public origin. */
  readonly path: string
  readonly phoneNumberId: string
  readonly appSecret: string
  readonly verifyToken: string
}

/** One delivery, ready to be sent once or several times. */
export interface Delivery {
  readonly body: string
  readonly signature: string
}

/** Plays the provider at the public door, with the formats of the WhatsApp Cloud API. */
export interface SampleProvider {
  /** Registers the webhook; whether the channel gave the right answer. */
  register(): Promise<boolean>
  /** A signed message of a contact. */
  message(contact: SampleContact, text: string): Delivery
  /** A signed notice of how far a message of ours came; `message` is its id. */
  status(contact: SampleContact, message: string, status: 'delivered' | 'read'): Delivery
  send(delivery: Delivery): Promise<GatewayAnswer>
}

/** Signs and posts deliveries as a provider does. */
export function sampleProvider(gateway: Gateway, agreement: ProviderAgreement): SampleProvider {
  const { path, phoneNumberId, appSecret, verifyToken } = agreement
  const delivery = (value: object): Delivery => {
    const metadata = { display_phone_number: '15550100000', phone_number_id: phoneNumberId }
    const change = { field: 'messages', value: { messaging_product: 'whatsapp', metadata, ...value } }
    const body = JSON.stringify({
      object: 'whatsapp_business_account',
      entry: [{ id: 'sample', changes: [change] }],
    })
    return { body, signature: signatureOf(appSecret, body) }
  }
  return {
    register: async () => {
      const challenge = randomBytes(12).toString('hex')
      const query = new URLSearchParams({
        'hub.mode': 'subscribe',
        'hub.challenge': challenge,
        'hub.verify_token': verifyToken,
      })
      const answer = await gateway.send({ method: 'GET', path: `${path}?${query.toString()}` })
      return answer.status === 200 && answer.body.toString('utf8') === challenge
    },
    message: ({ name, phone }, text) =>
      delivery({
        contacts: [{ profile: { name }, wa_id: phone }],
        messages: [
          { from: phone, id: newProviderId(), timestamp: nowSeconds(), type: 'text', text: { body: text } },
        ],
      }),
    status: ({ phone }, message, status) =>
      delivery({
        statuses: [
          {
            id: newProviderId(),
            status,
            timestamp: nowSeconds(),
            recipient_id: phone,
            biz_opaque_callback_data: message,
          },
        ],
      }),
    send: ({ body, signature }) =>
      gateway.send({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature },
        body,
      }),
  }
}

/** The same delivery, signed by somebody who does not know the app secret. */
export function forged({ body }: Delivery): Delivery {
  return { body, signature: signatureOf(randomBytes(16).toString('hex'), body) }
}

function signatureOf(appSecret: string, body: string): string {
  return `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`
}

function newProviderId(): string {
  return `wamid.SAMPLE${randomBytes(18).toString('base64url')}`
}

function nowSeconds(): string {
  return String(Math.floor(Date.now() / 1000))
}
