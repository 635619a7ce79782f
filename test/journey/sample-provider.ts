import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { RunningSystem } from '../running-system.ts'

/** What the provider and the channel agreed on. */
export interface Agreement {
  readonly phoneNumberId: string
  readonly appSecret: string
  readonly verifyToken: string
  readonly accessToken: string
}

/** Secrets of a channel that no provider ever had. */
export function newAgreement(): Agreement {
  const secret = (): string => randomBytes(16).toString('hex')
  return {
    phoneNumberId: '100000000000002',
    appSecret: secret(),
    verifyToken: secret(),
    accessToken: secret(),
  }
}

/** A customer of the workspace, with a number of the range reserved for fiction. */
export interface Customer {
  readonly name: string
  /** Sends a message to the channel; the provider delivers it signed. */
  writes(text: string): Promise<void>
}

/** Customers whose messages the provider delivers through the gateway to the channel at `path`. */
export function customers(system: RunningSystem, path: string, agreement: Agreement) {
  return (name: string, phone: string): Customer => ({
    name,
    writes: async (text) => {
      const message = {
        from: phone,
        id: `wamid.SAMPLE${randomBytes(12).toString('hex')}`,
        timestamp: String(Math.floor(Date.now() / 1000)),
        type: 'text',
        text: { body: text },
      }
      const value = {
        messaging_product: 'whatsapp',
        metadata: { display_phone_number: '15550100000', phone_number_id: agreement.phoneNumberId },
        contacts: [{ profile: { name }, wa_id: phone }],
        messages: [message],
      }
      const body = {
        object: 'whatsapp_business_account',
        entry: [{ id: 'sample', changes: [{ field: 'messages', value }] }],
      }
      const { status, text: said } = await system.postWebhook(path, body, agreement.appSecret)
      assert.equal(status, 200, said())
    },
  })
}
