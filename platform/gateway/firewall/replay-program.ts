import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { floorOf, weakWithoutReason } from './effective.ts'
import { mergeFiles } from './generation.ts'
import { compileWithEngine } from './engine-load.ts'
import { productFile } from './open-firewall.ts'
import { readReviewedFile, type ReviewedFile } from './reviewed-file.ts'
import { replayAll, type Replayed } from './replay-all.ts'
import { readReplayFile } from './replay-file.ts'
import { readRuleFolder, type RuleSetFiles } from './rule-folder.ts'
import { loadRuleSet } from './rule-program.ts'
import { openRuleStore } from './rule-store.ts'

/** What is replayed, against what. */
export interface ReplayOrder {
  /** A HAR file or an audit log of the firewall. */
  readonly recorded: string
  /** Folder of rules; empty: the set in use. */
  readonly rules: string
  /** Data folder of the installation. */
  readonly varFolder: string
  /** The reviewed file in force; empty: none of the installation's own. */
  readonly file: string
  /** The changed file to compare with; empty: the one in force. */
  readonly changed: string
  /** Requests that exclusions are proposed for. */
  readonly propose: readonly string[]
}

/** Replays recorded requests with no running system: what a changed file would refuse and let through, and which exclusions would do. */
export async function replayRecorded(
  order: ReplayOrder,
  policy: PolicyReader,
  clock: Clock,
): Promise<Replayed> {
  // What was typed is looked at before what is installed: a wrong name is told as one.
  const requests = readReplayFile(await readText(order.recorded))
  const base = loadRuleSet(compileWithEngine, await filesOf(order))
  const floor = floorOf(policy)
  const inForce = await ownFile(order.file)
  const changed = order.changed === '' ? inForce : await ownFile(order.changed)
  const weak = changed === null ? [] : weakWithoutReason(floor, changed)
  if (weak.length > 0)
    throw new Problem(
      'firewall.unusable',
      weak.map(({ line, message }) => `line ${line}: ${message}`).join('; '),
    )
  const product = productFile()
  const judge = (file: ReviewedFile | null) => ({ base, floor, file: mergeFiles(product, file) })
  return replayAll(judge(inForce), judge(changed), requests, order.propose, clock.now())
}

async function filesOf({ rules, varFolder }: ReplayOrder): Promise<RuleSetFiles> {
  if (rules !== '') return (await readRuleFolder(rules)).files
  const kept = await openRuleStore(join(varFolder, 'rules')).current()
  if (kept === null)
    throw new Problem('firewall.unusable', 'There are no rules here yet: name a folder with --rules.')
  return kept.files
}

async function ownFile(path: string): Promise<ReviewedFile | null> {
  return path === '' ? null : readReviewedFile(await readText(path))
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Problem('firewall.unusable', `${path} cannot be read (${error.code}).`)
  })
}
