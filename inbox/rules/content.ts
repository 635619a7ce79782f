import { z } from '../kernel/schema.ts'
import type { WorkspaceVault } from '../tenants/vault.ts'
import type { Rule } from './choose.ts'
import type { RuleRow } from './queries.ts'

const contentShape = z.object({ name: z.string(), words: z.array(z.string()), reply: z.string() })

/** Seals what a business wrote into rule `id`. */
export function sealRule(
  vault: WorkspaceVault,
  id: string,
  { name, words, reply }: Pick<Rule, 'name' | 'words' | 'reply'>,
): Buffer {
  return vault.seal(['rule', 'content', id], JSON.stringify({ name, words, reply }).toWellFormed())
}

/** Opens a stored rule. */
export function openRule(vault: WorkspaceVault, row: RuleRow): Rule {
  return {
    id: row.id,
    channelId: row.channel_id,
    kind: row.kind as Rule['kind'],
    ...contentShape.parse(JSON.parse(vault.open(['rule', 'content', row.id], row.content))),
    priority: row.priority,
    cooldownSeconds: row.cooldown_seconds,
    enabled: row.enabled,
  }
}
