import type { Phase } from '../model.ts'
import type { ActionSet } from './action-set.ts'
import type { Change } from './changes.ts'
import type { Sources } from './include.ts'
import type { DraftItem, RuleDraft } from './rule-draft.ts'
import type { SettingsDraft } from './settings.ts'

/** What is known while files are read. */
export interface Reading {
  readonly sources: Sources
  readonly settings: SettingsDraft
  readonly items: DraftItem[]
  readonly changes: Change[]
  /** `SecDefaultAction`, by phase. */
  readonly defaults: Map<Phase, ActionSet>
  readonly rulesById: Map<number, RuleDraft>
  /** The files that are being read, the one that includes before the included. */
  readonly open: string[]
  /** The rule whose chain goes on. */
  chain: RuleDraft | null
}
