import { isUtf8 } from 'node:buffer'
import { DeliveryError, type ContactIdentity, type Incoming } from '../intake/incoming.ts'
import { z } from '../kernel/schema.ts'

const id = z.string().min(1).max(512)
const digits = z.string().regex(/^\d{1,12}$/)
const timestamp = z.union([digits, z.int().min(0).max(1e12).transform(String)])
const phone = z.string().regex(/^\+?\d{1,20}$/)
const bsuid = z.string().regex(/^[A-Z]{2}\.[A-Za-z0-9.]{1,140}$/)
const longText = z.string().max(65_536)

const messageShape = z.object({
  from: phone.optional(),
  from_user_id: bsuid.optional(),
  id,
  timestamp,
  type: z.string().regex(/^[a-z_]{1,40}$/),
  text: z.object({ body: longText }).optional(),
  image: z.object({ caption: longText.optional() }).optional(),
  video: z.object({ caption: longText.optional() }).optional(),
  document: z.object({ caption: longText.optional() }).optional(),
  button: z.object({ text: longText.optional() }).optional(),
  interactive: z
    .object({
      button_reply: z.object({ title: longText }).optional(),
      list_reply: z.object({ title: longText }).optional(),
    })
    .optional(),
  system: z
    .object({
      type: z.string().max(100).optional(),
      wa_id: phone.optional(),
      new_wa_id: z.union([phone, z.int().transform(String)]).optional(),
      user_id: bsuid.optional(),
    })
    .optional(),
})

const statusShape = z.object({
  id,
  status: z.string().max(40),
  timestamp,
  biz_opaque_callback_data: z.string().max(512).optional(),
  errors: z
    .array(z.object({ code: z.int() }))
    .max(20)
    .optional(),
})

const valueShape = z.object({
  metadata: z.object({ phone_number_id: id, display_phone_number: z.string().max(40).optional() }),
  contacts: z
    .array(
      z.object({
        profile: z.object({ name: z.string().max(1000).optional() }).optional(),
        wa_id: phone.optional(),
        user_id: bsuid.optional(),
      }),
    )
    .max(1000)
    .optional(),
  messages: z.array(messageShape).max(1000).optional(),
  statuses: z.array(statusShape).max(1000).optional(),
})

const deliveryShape = z.object({
  object: z.literal('whatsapp_business_account'),
  entry: z
    .array(
      z.object({
        changes: z.array(z.object({ field: z.string().max(100), value: z.unknown() })).max(1000),
      }),
    )
    .max(1000),
})

const anyMetadata = z.object({ metadata: z.object({ phone_number_id: id }) })

type Value = z.output<typeof valueShape>
type Message = z.output<typeof messageShape>
type Status = z.output<typeof statusShape>

/** A delivery in plain objects, with the business numbers that it is about. */
export interface WhatsAppDelivery {
  readonly phoneNumberIds: ReadonlySet<string>
  readonly incoming: readonly Incoming[]
}

const DEPTH_MAX = 64

/** Reads a verified delivery; unknown fields are passed over, wrong shapes throw `DeliveryError`. */
export function readWhatsAppDelivery(raw: Buffer): WhatsAppDelivery {
  const delivery = deliveryShape.safeParse(parseJson(raw))
  if (!delivery.success) throw new DeliveryError()
  const changes = delivery.data.entry.flatMap((entry) => entry.changes)
  const phoneNumberIds = new Set<string>()
  const incoming: Incoming[] = []
  for (const { field, value } of changes) {
    const about = anyMetadata.safeParse(value)
    if (about.success) phoneNumberIds.add(about.data.metadata.phone_number_id)
    if (field !== 'messages') {
      incoming.push({ is: 'ignored' })
      continue
    }
    const known = valueShape.safeParse(value)
    if (!known.success) throw new DeliveryError()
    incoming.push(...incomingOf(known.data))
  }
  return { phoneNumberIds, incoming }
}

function parseJson(raw: Buffer): unknown {
  if (!isUtf8(raw) || tooDeep(raw)) throw new DeliveryError()
  try {
    return JSON.parse(raw.toString('utf8'))
  } catch {
    throw new DeliveryError()
  }
}

/** Counts brackets outside of strings, before anything recursive sees the text. */
function tooDeep(raw: Buffer): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at]
    if (inString) {
      if (byte === 0x5c) at++
      else if (byte === 0x22) inString = false
    } else if (byte === 0x22) inString = true
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > DEPTH_MAX) return true
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return false
}

function incomingOf(value: Value): Incoming[] {
  const own = onlyDigits(value.metadata.display_phone_number ?? '')
  return [
    ...(value.messages ?? []).map((message) => incomingMessage(message, value, own)),
    ...(value.statuses ?? []).map(incomingStatus),
  ]
}

function incomingMessage(message: Message, value: Value, own: string): Incoming {
  // Our own message coming back must never be answered.
  if (message.from !== undefined && own !== '' && onlyDigits(message.from) === own) return { is: 'ignored' }
  const renamed = renaming(message)
  if (renamed !== null) return renamed
  const contact = value.contacts?.find(
    (one) =>
      (one.wa_id !== undefined && one.wa_id === message.from) ||
      (one.user_id !== undefined && one.user_id === message.from_user_id) ||
      value.contacts?.length === 1,
  )
  const identities = identitiesOf(message.from ?? contact?.wa_id, message.from_user_id ?? contact?.user_id)
  if (identities.length === 0) throw new DeliveryError()
  return {
    is: 'message',
    providerId: message.id,
    identities,
    displayName: contact?.profile?.name ?? null,
    sentAt: new Date(Number(message.timestamp) * 1000),
    type: message.type,
    text: textOf(message),
  }
}

function identitiesOf(waId: string | undefined, userId: string | undefined): ContactIdentity[] {
  return [
    // A business-scoped id is the safer name: a telephone number may pass to somebody else.
    ...(userId === undefined ? [] : [{ kind: 'bsuid', value: userId } as const]),
    ...(waId === undefined ? [] : [{ kind: 'phone', value: onlyDigits(waId) } as const]),
  ]
}

/** A system message that says a contact's number or id changed. */
function renaming({ type, system, from, from_user_id }: Message): Incoming | null {
  const changed = ['user_changed_number', 'customer_changed_number', 'user_changed_user_id']
  if (type !== 'system' || system?.type === undefined || !changed.includes(system.type)) return null
  const [before] = identitiesOf(from, from_user_id).toReversed()
  const after = identitiesOf(system.new_wa_id ?? system.wa_id, system.user_id)
  return before === undefined || after.length === 0 ? { is: 'ignored' } : { is: 'renamed', before, after }
}

function textOf(message: Message): string | null {
  const { text, image, video, document, button, interactive } = message
  return (
    text?.body ??
    image?.caption ??
    video?.caption ??
    document?.caption ??
    button?.text ??
    interactive?.button_reply?.title ??
    interactive?.list_reply?.title ??
    null
  )
}

const STATUSES: ReadonlyMap<string, 'sent' | 'delivered' | 'read' | 'failed'> = new Map([
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['played', 'read'],
  ['failed', 'failed'],
])

function incomingStatus(status: Status): Incoming {
  const known = STATUSES.get(status.status)
  if (known === undefined) return { is: 'ignored' }
  return {
    is: 'status',
    providerId: status.id,
    clientKey: status.biz_opaque_callback_data ?? null,
    status: known,
    errorCode: status.errors?.[0]?.code.toString() ?? null,
  }
}

function onlyDigits(text: string): string {
  return text.replace(/\D/g, '')
}
