import { openCheckpoint, parseVerifierKey, type Checkpoint } from '#ledger'
import { CommandError, type Command } from '../command.ts'
import { age, facts, many } from '../plain-text.ts'

/** `surety ledger head`: the newest signed checkpoint, its signature verified here. */
export const ledgerHead: Command = {
  name: 'ledger head',
  takes: '',
  says: 'the newest signed checkpoint; keep a copy of it for --older',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator, now, width }) => {
    const head = await operator.call('GET /ledger/head')
    if (head.checkpoint === null)
      return { ok: true, json: head, lines: ['The ledger has no checkpoint yet.'] }
    const { size, root } = opened(head.checkpoint, head.verifierKey)
    const lines = facts(
      [
        ['Entries', String(size)],
        ['Root', Buffer.from(root).toString('base64')],
        ['Published', age(head.publishedAt, now)],
        ['Waiting', `${many(head.waiting, 'event')} not in the ledger yet`],
        ['Key', head.verifierKey],
      ],
      width,
    )
    return { ok: true, json: head, lines: [...lines, '', ...head.checkpoint.trimEnd().split('\n')] }
  },
}

function opened(checkpoint: string, verifierKey: string): Checkpoint {
  try {
    return openCheckpoint(checkpoint, parseVerifierKey(verifierKey))
  } catch (error) {
    throw new CommandError('ledger.unsigned', `The checkpoint does not verify: ${(error as Error).message}.`)
  }
}
