import type { Command } from '../command.ts'
import { columns, many } from '../plain-text.ts'
import { pipedText } from '../standard-input.ts'

const shown = (name: string): string => name.toUpperCase()

/** `surety secret set`: stores a first value. */
export const secretSet: Command = {
  name: 'secret set',
  takes: 'NAME',
  says: 'seal a secret of the product, read from standard input; it wins over the setting of that name',
  words: { min: 1, max: 1 },
  flags: {},
  run: async ({ operator, words }) => {
    const name = shown(words[0] ?? '')
    const value = await pipedText('the value')
    const made = await operator.call('POST /secrets/:name', { params: { name }, body: { value } })
    return { ok: true, json: made, lines: [`${name} is sealed and in use. Nothing shows it again.`] }
  },
}

/** `surety secret rotate`: the next value. */
export const secretRotate: Command = {
  name: 'secret rotate',
  takes: 'NAME',
  says: 'replace a sealed secret with the value on standard input; it counts from the next use on',
  words: { min: 1, max: 1 },
  flags: {},
  run: async ({ operator, words }) => {
    const name = shown(words[0] ?? '')
    const value = await pipedText('the new value')
    const made = await operator.call('PUT /secrets/:name', { params: { name }, body: { value } })
    return { ok: true, json: made, lines: [`${name} is at version ${made.version} now.`] }
  },
}

/** `surety secret remove`: forgets a sealed value. */
export const secretRemove: Command = {
  name: 'secret remove',
  takes: 'NAME',
  says: 'forget a sealed secret; the setting of that name counts again',
  words: { min: 1, max: 1 },
  flags: {},
  run: async ({ operator, words }) => {
    const name = shown(words[0] ?? '')
    const removed = await operator.call('DELETE /secrets/:name', { params: { name } })
    return { ok: true, json: removed, lines: [`${name} is removed.`] }
  },
}

/** `surety secret list`: which there are and how old, never what they are. */
export const secretList: Command = {
  name: 'secret list',
  takes: '',
  says: 'secrets of the product: which are set, where and since when; never a value',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator }) => {
    const found = await operator.call('GET /secrets')
    const rows = found.secrets.map(({ name, from, version, ageDays }) => [
      name,
      { sealed: 'sealed', environment: 'from the settings, not sealed', nowhere: 'not set' }[from],
      version === null ? '' : `version ${version}, ${many(ageDays ?? 0, 'day')} old`,
    ])
    return { ok: true, json: found, lines: columns(rows) }
  },
}
