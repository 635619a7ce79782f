import type { Command } from '../command.ts'
import { age, columns } from '../plain-text.ts'

/** `surety outbox`: what became of letters and text messages, and what the local outbox holds instead of sending it. */
export const outbox: Command = {
  name: 'outbox',
  takes: '',
  says: 'letters and text messages: what was delivered, what waits, and what the local outbox holds',
  words: { min: 0, max: 0 },
  flags: { count: { value: 'N', says: 'how many of the newest, 10 unless told, 100 at most' } },
  run: async ({ operator, value, now }) => {
    const count = value('count')
    const query = count === undefined ? {} : { count }
    const found = await operator.call('GET /outbox', { query })
    const rows = found.messages.map(({ createdAt, channel, kind, state, carrier, tries, reason }) => [
      age(createdAt, now),
      channel,
      kind,
      state,
      [carrier ?? '', tries > 1 ? `${tries} tries` : '', reason ?? ''].filter((one) => one !== '').join(', '),
    ])
    const local = found.local.flatMap(({ text }) => ['', ...text.trimEnd().split('\n')])
    return {
      ok: true,
      json: found,
      lines: [...(rows.length === 0 ? ['Nothing was written yet.'] : columns(rows)), ...local],
    }
  },
}
