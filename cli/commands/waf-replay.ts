import { resolve } from 'node:path'
import type { replayRecorded } from '../../platform/gateway/index.ts'
import type { Command } from '../command.ts'
import { many } from '../plain-text.ts'
import { programAnswer } from '../program-answer.ts'

type Replayed = Awaited<ReturnType<typeof replayRecorded>>

/** `surety waf replay`: what a change of the reviewed file would do to recorded requests; needs no running system. */
export const wafReplay: Command = {
  name: 'waf replay',
  takes: 'FILE',
  says: 'judge an audit log or HAR file again: what a changed file would block or let through',
  words: { min: 1, max: 1 },
  flags: {
    file: { value: 'YAML', says: 'the changed reviewed file; without it, the one in force' },
    rules: { value: 'DIR', says: 'a folder of rules; without it, the set in use' },
    propose: {
      value: 'IDS',
      says: 'propose the fewest exclusions for these requests (ids, or places in the HAR file, by comma), and prove them',
    },
  },
  run: async ({ words: [recorded = ''], value }) => {
    const order = {
      recorded: resolve(recorded),
      rules: pathOf(value('rules')),
      changed: pathOf(value('file')),
      propose: (value('propose') ?? '').split(',').filter((id) => id !== ''),
    }
    const replayed = await programAnswer<Replayed>('replay', 'replayed', JSON.stringify(order))
    const unsafe = replayed.attacksLetThrough.length + replayed.proposals.filter(failed).length
    return { ok: unsafe === 0, json: replayed, lines: linesOf(replayed) }
  },
}

function pathOf(given: string | undefined): string {
  return given === undefined ? '' : resolve(given)
}

/** A proposal that does not solve what it is for, or lets an attack through. */
function failed({ notSolved, proof }: Replayed['proposals'][number]): boolean {
  return notSolved.length > 0 || proof.attacksLetThrough.length > 0
}

function linesOf(of: Replayed): string[] {
  const refusals = (title: string, list: Replayed['letThrough']): string[] =>
    list.length === 0
      ? []
      : [
          `${title}:`,
          ...list.map(
            (one) =>
              `  ${one.id} ${one.method} ${one.path} (${one.scoreBefore} → ${one.scoreAfter}): ${one.rules.join('; ')}`,
          ),
        ]
  return [
    `${many(of.requests, 'request')}, ${of.exact} of them whole: ${of.refusedBefore} refused by what is in force, ${of.refusedAfter} by the change.`,
    ...(of.notRepeatable.length === 0
      ? []
      : [`Too little was kept of ${of.notRepeatable.join(', ')} to judge as it was judged then.`]),
    ...refusals('Refused by the change only', of.newlyRefused),
    ...refusals('Let through by the change', of.letThrough),
    ...refusals('Refused by both', of.stillRefused),
    of.attacksLetThrough.length === 0
      ? `All ${of.attacks} attacks of the corpus are refused as before.`
      : `ATTACKS LET THROUGH: ${of.attacksLetThrough.join(', ')}.`,
    ...of.proposals.flatMap(proposalLines),
  ]
}

function proposalLines({
  method,
  path,
  exclusions,
  notSolved,
  proof,
}: Replayed['proposals'][number]): string[] {
  return [
    '',
    `Proposed for ${method} ${path}, for the reviewed file (fill in why, by and until):`,
    '  - name: choose-a-name',
    `    path: ${path}`,
    `    methods: [${method}]`,
    '    exclusions:',
    ...exclusions.flatMap(({ rule, target, message }) => [
      `      - rules: [${rule}] # ${message}`,
      `        targets: ['${target.replaceAll("'", "''")}']`,
    ]),
    ...(notSolved.length === 0 ? [] : [`Still refused with it: ${notSolved.join(', ')}.`]),
    `Proof: ${proof.letThrough.length} of ${many(proof.judged, 'chosen request')} pass with it; ${
      proof.attacksLetThrough.length === 0
        ? `all ${proof.attacks} attacks at this place are refused as before.`
        : `it would let through: ${proof.attacksLetThrough.join(', ')}.`
    }`,
  ]
}
