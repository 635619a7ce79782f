import { z } from '../kernel/schema.ts'
import type { WorkspaceVault } from '../tenants/vault.ts'
import type { ChannelRow } from './queries.ts'

/** What a business sets for a channel, beside secrets. */
export interface ChannelSettings {
  /** The business's name as its people see it. */
  readonly name: string
  /** Said before the first automatic reply of a conversation; null: nothing is said. */
  readonly disclosure: string | null
}

/** Names of the secrets of a WhatsApp channel. */
export const SECRET_NAMES = ['app_secret', 'verify_token', 'access_token'] as const

/** The name of a channel's secret. */
export type SecretName = (typeof SECRET_NAMES)[number]

/** What the API shows of a secret: its end and a fingerprint that only this workspace could compute. */
export interface SecretHint {
  readonly last4: string
  readonly fingerprint: string
}

const settingsShape = z.object({ name: z.string(), disclosure: z.string().nullable() })
const hintsShape = z.partialRecord(
  z.enum(SECRET_NAMES),
  z.object({ last4: z.string(), fingerprint: z.string() }),
)

/** Seals the settings of channel `id`. */
export function sealSettings(
  vault: WorkspaceVault,
  id: string,
  { name, disclosure }: ChannelSettings,
): Buffer {
  return vault.seal(['channel', 'settings', id], JSON.stringify({ name, disclosure }).toWellFormed())
}

/** Opens the settings of a channel. */
export function openSettings(
  vault: WorkspaceVault,
  row: Pick<ChannelRow, 'id' | 'settings'>,
): ChannelSettings {
  return settingsShape.parse(JSON.parse(vault.open(['channel', 'settings', row.id], row.settings)))
}

/** Seals one secret of channel `id`. */
export function sealSecret(vault: WorkspaceVault, id: string, name: SecretName, secret: string): Buffer {
  return vault.seal(['channel', name, id], secret)
}

/** Opens one secret; null when the channel has none. */
export function openSecret<Name extends SecretName>(
  vault: WorkspaceVault,
  row: Pick<ChannelRow, 'id' | Name>,
  name: Name,
): string | null {
  const sealed = row[name]
  return sealed === null ? null : vault.open(['channel', name, row.id], sealed)
}

/** Seals what may be shown of secrets. */
export function sealHints(
  vault: WorkspaceVault,
  id: string,
  secrets: Readonly<Partial<Record<SecretName, string>>>,
  before: Readonly<Partial<Record<SecretName, SecretHint>>> = {},
): Buffer {
  const hints: Partial<Record<SecretName, SecretHint>> = { ...before }
  for (const name of SECRET_NAMES) {
    const secret = secrets[name]
    if (secret !== undefined) hints[name] = hintOf(vault, name, secret)
  }
  return vault.seal(['channel', 'secret_hints', id], JSON.stringify(hints))
}

/** Opens what may be shown of a channel's secrets. */
export function openHints(vault: WorkspaceVault, row: ChannelRow): Partial<Record<SecretName, SecretHint>> {
  if (row.secret_hints === null) return {}
  return hintsShape.parse(JSON.parse(vault.open(['channel', 'secret_hints', row.id], row.secret_hints)))
}

function hintOf(vault: WorkspaceVault, name: SecretName, secret: string): SecretHint {
  return {
    // The end of a short secret would be most of it.
    last4: secret.length >= 16 ? secret.slice(-4) : '',
    fingerprint: vault.lookUp(`channel.${name}`, secret)[0].toString('hex', 0, 8),
  }
}
