import { DeliveryError, type Incoming } from '../intake/incoming.ts'
import { z } from '../kernel/schema.ts'

const payloadShape = z.strictObject({
  visitor: z.uuid(),
  key: z.uuid(),
  sentAt: z.iso.datetime(),
  text: z.string(),
})

/** A visitor's message on its way through the intake, in the form that it is kept in. */
export function visitorDelivery(message: z.input<typeof payloadShape>): Buffer {
  return Buffer.from(JSON.stringify(message), 'utf8')
}

/** Reads what `visitorDelivery` wrote. */
export function readVisitorMessage(raw: Buffer): readonly Incoming[] {
  const read = payloadShape.safeParse(JSON.parse(raw.toString('utf8')))
  if (!read.success) throw new DeliveryError()
  const { visitor, key, sentAt, text } = read.data
  return [
    {
      is: 'message',
      providerId: `${visitor}/${key}`,
      identities: [{ kind: 'visitor', value: visitor }],
      displayName: null,
      sentAt: new Date(sentAt),
      type: 'text',
      text,
    },
  ]
}
