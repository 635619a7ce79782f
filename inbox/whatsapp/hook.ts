import type { Context, Hono } from 'hono'
import { openSecret } from '../channels/channel.ts'
import { channelById, type ChannelRow } from '../channels/queries.ts'
import type { Core } from '../core.ts'
import { readBody } from '../http/body.ts'
import { acceptDelivery } from '../intake/accept.ts'
import { DeliveryError } from '../intake/incoming.ts'
import { Problem } from '../kernel/problem.ts'
import { z } from '../kernel/schema.ts'
import { sameSecret } from '../kernel/secret.ts'
import { readWhatsAppDelivery } from './payload.ts'
import type { Refusals } from './refusals.ts'
import { signedByProvider } from './signature.ts'

/** The provider's largest documented delivery is 3 MB. */
const DELIVERY_BYTES_MAX = 3 * 1024 * 1024
const CHALLENGE = /^[A-Za-z0-9_-]{1,128}$/

/** The provider's door: registration and deliveries. */
export function mountWhatsAppHook(
  app: Hono,
  core: Pick<Core, 'db' | 'clock' | 'vaults' | 'personVaults' | 'enqueue'>,
  refusals: Refusals,
): void {
  app.get('/hooks/meta/:channel', (c) => register(c, core))
  app.post('/hooks/meta/:channel', (c) => receive(c, core, refusals))
}

async function hookChannel(c: Context, core: Pick<Core, 'db'>): Promise<ChannelRow> {
  const id = z.uuid().safeParse(c.req.param('channel'))
  const channel = id.success ? await channelById(core.db, id.data) : undefined
  if (channel === undefined || channel.kind !== 'whatsapp')
    throw new Problem('resource.unknown', 'No channel has this address.')
  return channel
}

/** Answers the provider's registration: it carries no signature, only the verify token. */
async function register(c: Context, core: Pick<Core, 'db' | 'vaults'>): Promise<Response> {
  const channel = await hookChannel(c, core)
  const vault = await core.vaults(channel.workspace_id)
  const right = openSecret(vault, channel, 'verify_token')
  const given = c.req.query('hub.verify_token') ?? ''
  const challenge = c.req.query('hub.challenge') ?? ''
  const asked = c.req.query('hub.mode') === 'subscribe' && CHALLENGE.test(challenge)
  if (right === null || !sameSecret(given, right) || !asked)
    throw new Problem('hook.refused', 'The verify token or the challenge is not right.')
  return new Response(challenge, {
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  })
}

/** Takes a delivery: signature over the raw bytes, then its shape, then its number, then it is kept, then 200. */
async function receive(
  c: Context,
  core: Pick<Core, 'db' | 'clock' | 'vaults' | 'personVaults' | 'enqueue'>,
  refusals: Refusals,
): Promise<Response> {
  const channel = await hookChannel(c, core)
  const raw = await readBody(c, DELIVERY_BYTES_MAX)
  const vault = await core.vaults(channel.workspace_id)
  const secret = openSecret(vault, channel, 'app_secret')
  if (secret === null || !signedByProvider(secret, raw, c.req.header('x-hub-signature-256'))) {
    refusals.note(channel, 'unsigned')
    throw new Problem('hook.unsigned', 'The signature is missing or is not that of these bytes.')
  }
  const numbers = phoneNumbersOf(raw, () => refusals.note(channel, 'malformed'))
  if ([...numbers].some((number) => number !== channel.phone_number_id)) {
    refusals.note(channel, 'other-number')
    throw new Problem('hook.refused', 'The delivery is about a number of another channel.')
  }
  await acceptDelivery(core, channel, raw)
  return new Response(null, { status: 200 })
}

function phoneNumbersOf(raw: Buffer, onRefusal: () => void): ReadonlySet<string> {
  try {
    return readWhatsAppDelivery(raw).phoneNumberIds
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    onRefusal()
    throw new Problem('request.malformed', 'The delivery does not have the documented shape.')
  }
}
