import { randomUUID } from 'node:crypto'
import type { Core } from '../core.ts'
import { apiRoute } from '../http/route.ts'
import { newId } from '../kernel/id.ts'
import { Problem } from '../kernel/problem.ts'
import { z } from '../kernel/schema.ts'
import type { WorkspaceVault } from '../tenants/vault.ts'
import {
  openHints,
  openSettings,
  sealHints,
  sealSecret,
  sealSettings,
  SECRET_NAMES,
  type SecretName,
} from './channel.ts'
import {
  channelOf,
  channelsOf,
  deleteChannel,
  insertChannel,
  updateChannel,
  type ChannelRow,
} from './queries.ts'
import { asTenant } from '../db/tenant.ts'

const byId = z.strictObject({ id: z.uuid() })
// Visible ASCII: what a header can carry.
const secret = (min: number) =>
  z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'has other characters than a secret')
    .min(min)
    .max(1024)
const name = z.string().trim().min(1).max(100)
const disclosure = z.string().trim().min(1).max(500).nullable()

/** A host name or address; an asterisk or a semicolon, which URLs allow, would mean something else in a frame's policy. */
const HOST = /^https?:\/\/(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/

/** An origin as a browser sends it: scheme, host, and a port that is not the scheme's own. */
const origin = z
  .string()
  .max(253)
  .refine((text) => HOST.test(text) && URL.canParse(text) && new URL(text).origin === text, {
    message: 'is not an origin such as https://www.example.com',
  })
const origins = z.array(origin).max(50)

const createBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('whatsapp'),
    name,
    disclosure: disclosure.default(null),
    phoneNumberId: z.string().regex(/^\d{5,30}$/),
    appSecret: secret(16),
    verifyToken: secret(16),
    accessToken: secret(16),
  }),
  z.strictObject({
    kind: z.literal('webchat'),
    name,
    disclosure: disclosure.default(null),
    allowedOrigins: origins,
  }),
])

const changeBody = z.strictObject({
  name: name.optional(),
  disclosure: disclosure.optional(),
  enabled: z.boolean().optional(),
  appSecret: secret(16).optional(),
  verifyToken: secret(16).optional(),
  accessToken: secret(16).optional(),
  allowedOrigins: origins.optional(),
})

interface GivenSecrets {
  readonly appSecret?: string | undefined
  readonly verifyToken?: string | undefined
  readonly accessToken?: string | undefined
}

/** Channels: connected, changed, removed. Secrets go in and never come out again. */
export function channelRoutes(core: Core) {
  return [listRoute(core), createRoute(core), changeRoute(core), removeRoute(core)] as const
}

function listRoute(core: Core) {
  return apiRoute({
    method: 'GET',
    path: '/inbox/channels',
    permission: 'channel.read',
    event: { none: 'channels hold no personal data' },
    handle: async ({ workspace }) => {
      const vault = await core.vaults(workspace)
      const rows = await asTenant(core.db, workspace, (tx) => channelsOf(tx, workspace))
      return { channels: rows.map((row) => channelView(vault, row)) }
    },
  })
}

function createRoute(core: Core) {
  return apiRoute({
    method: 'POST',
    path: '/inbox/channels',
    permission: 'channel.edit',
    event: 'channel.created',
    body: createBody,
    handle: async ({ workspace, body, actor, request }) => {
      const vault = await core.vaults(workspace)
      const id = newId(core.clock)
      const now = core.clock.now()
      const secrets = body.kind === 'whatsapp' ? named(body) : {}
      return asTenant(core.db, workspace, async (tx) => {
        const stored = await insertChannel(tx, {
          workspace_id: workspace,
          id,
          kind: body.kind,
          settings: sealSettings(vault, id, body),
          state: 'ready',
          phone_number_id: body.kind === 'whatsapp' ? body.phoneNumberId : null,
          public_id: body.kind === 'webchat' ? randomUUID() : null,
          allowed_origins: body.kind === 'webchat' ? body.allowedOrigins : [],
          ...sealed(vault, id, secrets),
          secret_hints: sealHints(vault, id, secrets),
          created_at: now,
          changed_at: now,
        })
        if (!stored)
          throw new Problem('resource.conflict', 'This workspace has a channel with this phone number id.')
        const target = { kind: 'channel', id }
        const details = { kind: body.kind, secrets: Object.keys(secrets) }
        await core.record(tx, { type: 'channel.created', workspace, actor, request, target, details })
        return channelView(vault, requireChannel(await channelOf(tx, workspace, id)))
      })
    },
  })
}

function changeRoute(core: Core) {
  return apiRoute({
    method: 'PUT',
    path: '/inbox/channels/:id',
    permission: 'channel.edit',
    event: 'channel.changed',
    params: byId,
    body: changeBody,
    handle: async ({ workspace, params: { id }, body, actor, request }) => {
      const vault = await core.vaults(workspace)
      return asTenant(core.db, workspace, async (tx) => {
        const row = requireChannel(await channelOf(tx, workspace, id))
        const secrets = named(body)
        const whatsappOnly = Object.keys(secrets).length > 0
        if (
          (whatsappOnly && row.kind !== 'whatsapp') ||
          (body.allowedOrigins !== undefined && row.kind !== 'webchat')
        )
          throw new Problem('request.invalid', 'body: has fields of another kind of channel')
        const before = openSettings(vault, row)
        const settings = {
          name: body.name ?? before.name,
          disclosure: body.disclosure === undefined ? before.disclosure : body.disclosure,
        }
        // New credentials are given another chance; nothing else mends a broken channel.
        const mended = row.state === 'broken' && secrets.access_token !== undefined ? 'ready' : row.state
        const enabled = mended === 'disabled' ? 'ready' : mended
        const state = body.enabled === undefined ? mended : body.enabled ? enabled : 'disabled'
        await updateChannel(tx, workspace, id, {
          settings: sealSettings(vault, id, settings),
          state,
          broken_code: state === 'broken' ? row.broken_code : null,
          ...sealed(vault, id, secrets),
          secret_hints: sealHints(vault, id, secrets, openHints(vault, row)),
          ...(body.allowedOrigins === undefined ? {} : { allowed_origins: body.allowedOrigins }),
          changed_at: core.clock.now(),
        })
        const target = { kind: 'channel', id }
        const details = { changed: Object.keys(body), state }
        await core.record(tx, { type: 'channel.changed', workspace, actor, request, target, details })
        return channelView(vault, requireChannel(await channelOf(tx, workspace, id)))
      })
    },
  })
}

function removeRoute(core: Core) {
  return apiRoute({
    method: 'DELETE',
    path: '/inbox/channels/:id',
    permission: 'channel.edit',
    event: 'channel.deleted',
    params: byId,
    handle: ({ workspace, params: { id }, actor, request }) =>
      asTenant(core.db, workspace, async (tx) => {
        if (!(await deleteChannel(tx, workspace, id))) throw unknownChannel()
        const target = { kind: 'channel', id }
        await core.record(tx, { type: 'channel.deleted', workspace, actor, request, target })
        return {}
      }),
  })
}

function channelView(vault: WorkspaceVault, row: ChannelRow) {
  return {
    id: row.id,
    kind: row.kind,
    ...openSettings(vault, row),
    state: row.state,
    brokenCode: row.broken_code,
    phoneNumberId: row.phone_number_id,
    publicId: row.public_id,
    allowedOrigins: row.allowed_origins,
    /** Where the provider delivers, or where a page finds the chat; below the public origin. */
    path: row.public_id === null ? `/hooks/meta/${row.id}` : `/w/${row.public_id}/frame`,
    secrets: openHints(vault, row),
  }
}

function named(given: GivenSecrets): Partial<Record<SecretName, string>> {
  const { appSecret, verifyToken, accessToken } = given
  return {
    ...(appSecret === undefined ? {} : { app_secret: appSecret }),
    ...(verifyToken === undefined ? {} : { verify_token: verifyToken }),
    ...(accessToken === undefined ? {} : { access_token: accessToken }),
  }
}

function sealed(
  vault: WorkspaceVault,
  id: string,
  secrets: Readonly<Partial<Record<SecretName, string>>>,
): Partial<Record<SecretName, Buffer>> {
  const out: Partial<Record<SecretName, Buffer>> = {}
  for (const secretName of SECRET_NAMES) {
    const text = secrets[secretName]
    if (text !== undefined) out[secretName] = sealSecret(vault, id, secretName, text)
  }
  return out
}

function requireChannel(row: ChannelRow | undefined): ChannelRow {
  if (row === undefined) throw unknownChannel()
  return row
}

function unknownChannel(): Problem {
  return new Problem('resource.unknown', 'No channel of this workspace has this id.')
}
