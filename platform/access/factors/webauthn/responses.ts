import { z } from '../../../kernel/schema.ts'

/** Unpadded base64url of at most so many characters. */
const base64url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/)

/** A credential id is at most 1,023 bytes long (WebAuthn level 3, §4). */
const credentialId = base64url(1364)
const attachment = z.enum(['platform', 'cross-platform']).nullish()
const extensions = z
  .strictObject({ credProps: z.strictObject({ rk: z.boolean().optional() }).optional() })
  .optional()

/** What a browser sends after `navigator.credentials.get`. */
export const assertionSchema = z.strictObject({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  authenticatorAttachment: attachment,
  clientExtensionResults: extensions,
  response: z.strictObject({
    clientDataJSON: base64url(8000),
    authenticatorData: base64url(4000),
    signature: base64url(4000),
    userHandle: base64url(100).nullish(),
  }),
})

/** What a browser sends after `navigator.credentials.create`. */
export const attestationSchema = z.strictObject({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  authenticatorAttachment: attachment,
  clientExtensionResults: extensions,
  response: z.strictObject({
    clientDataJSON: base64url(8000),
    attestationObject: base64url(40_000),
    transports: z.array(z.string().max(20)).max(10).optional(),
    publicKeyAlgorithm: z.number().int().optional(),
    publicKey: base64url(4000).nullish(),
    authenticatorData: base64url(8000).optional(),
  }),
})

/** A proof by a key, as it arrived. */
export type AssertionResponse = z.output<typeof assertionSchema>
/** A new key, as it arrived. */
export type AttestationResponse = z.output<typeof attestationSchema>

/** The part of the client data that decides; browsers may add fields (WebAuthn level 3, §5.8.1). */
const clientDataSchema = z.object({
  type: z.string(),
  challenge: z.string().max(200),
  origin: z.string().max(300),
  crossOrigin: z.boolean().optional(),
})

/** What the browser says it signed for; null when it is no client data. */
export type ClientData = z.output<typeof clientDataSchema>

/** Reads the client data of a response; null when it cannot be read. */
export function readClientData(encoded: string): ClientData | null {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))
  } catch {
    // It came from outside: whatever is no JSON is no client data.
    return null
  }
  const parsed = clientDataSchema.safeParse(value)
  return parsed.success ? parsed.data : null
}
