import { randomBytes } from 'node:crypto'
import type { Gateway } from '../gateway.ts'
import type { Inbox } from '../inbox.ts'
import { sampleProvider, type SampleProvider } from './provider.ts'

/** The number that a provider would give the sample channel. */
const PHONE_NUMBER_ID = '100000000000001'

/** Automatic replies of the sample workspace, by name. */
const RULES = [
  {
    name: 'Opening hours',
    kind: 'keyword',
    words: ['hours', 'open'],
    reply: 'Sample reply: we are here from 9 to 17, Monday to Friday.',
    priority: 10,
  },
  {
    name: 'Prices',
    kind: 'keyword',
    words: ['price', 'cost'],
    reply: 'Sample reply: the price list is on our sample page.',
    priority: 20,
  },
  {
    name: 'A person',
    kind: 'keyword',
    words: ['human', 'person', 'agent'],
    reply: 'Sample reply: a person will answer here shortly.',
    priority: 30,
  },
  {
    name: 'First message',
    kind: 'first-message',
    words: [],
    reply: 'Sample reply: thank you for writing. Ask for “hours”, “price” or a “human”.',
    priority: 100,
  },
] as const

/** Connects the sample channel, or gives the one that exists new secrets, and returns its provider. */
export async function sampleChannel(gateway: Gateway, inbox: Inbox): Promise<SampleProvider> {
  const secrets = {
    appSecret: randomBytes(16).toString('hex'),
    verifyToken: randomBytes(16).toString('hex'),
    accessToken: randomBytes(24).toString('hex'),
  }
  const { channels } = await inbox.call('GET /inbox/channels')
  const found = channels.find((one) => 'phoneNumberId' in one && one.phoneNumberId === PHONE_NUMBER_ID)
  const channel =
    found === undefined
      ? await inbox.call('POST /inbox/channels', {
          body: { kind: 'whatsapp', name: 'Sample WhatsApp', phoneNumberId: PHONE_NUMBER_ID, ...secrets },
        })
      : await inbox.call('PUT /inbox/channels/:id', {
          params: { id: found.id },
          body: { enabled: true, ...secrets },
        })
  return sampleProvider(gateway, { path: channel.path, phoneNumberId: PHONE_NUMBER_ID, ...secrets })
}

/** Makes the automatic replies that are not there yet; returns how many were made. */
export async function sampleRules(inbox: Inbox): Promise<number> {
  const { rules } = await inbox.call('GET /inbox/rules')
  const missing = RULES.filter((wanted) => !rules.some(({ name }) => name === wanted.name))
  for (const rule of missing) await inbox.call('POST /inbox/rules', { body: { ...rule, cooldownSeconds: 5 } })
  return missing.length
}
