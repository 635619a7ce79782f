import type { Command } from '../command.ts'
import { columns, many } from '../plain-text.ts'

const DAY_SECONDS = 86_400

/** `surety keys list`: every class of keys, how many there are and how old. */
export const keysList: Command = {
  name: 'keys list',
  takes: '',
  says: 'every class of keys: how many are in use, how old the oldest is, how they are replaced; never a key',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator }) => {
    const found = await operator.call('GET /keys')
    const tooOld = (one: (typeof found.classes)[number]): boolean =>
      one.aged && (one.oldestDays ?? 0) * DAY_SECONDS > found.limitSeconds
    const rows = found.classes.map((one) => [
      one.name,
      many(one.keys, 'key'),
      one.oldestDays === null ? '' : `oldest ${many(one.oldestDays, 'day')}${tooOld(one) ? ', TOO OLD' : ''}`,
      one.says,
    ])
    const limit = `The policy allows ${many(Math.floor(found.limitSeconds / DAY_SECONDS), 'day')}.`
    const fixed = found.classes.filter((one) => !one.onDemand).map((one) => [one.name, one.how])
    const why = ['', 'Not replaced with `surety keys rotate CLASS`:', ...columns(fixed)]
    return { ok: !found.classes.some(tooOld), json: found, lines: [...columns(rows), limit, ...why] }
  },
}

/** `surety keys rotate`: replaces a class of keys now. */
export const keysRotate: Command = {
  name: 'keys rotate',
  takes: 'CLASS',
  says: 'replace a class of keys now (data, person, index, backup, signing); `surety keys status` tells how far it is',
  words: { min: 1, max: 1 },
  flags: {
    to: {
      value: 'RECIPIENT',
      says: 'backup: the public half (age1pq1…) of a recovery key that is kept elsewhere',
    },
  },
  run: async ({ operator, words: [name = ''], value }) => {
    const to = value('to')
    const done = await operator.call('POST /keys/classes/:name/rotate', {
      params: { name },
      body: to === undefined ? {} : { to },
      waitMs: 600_000,
    })
    return { ok: true, json: done, lines: [`${many(done.rotated, 'key')} replaced.`] }
  },
}

/** `surety keys status`: how far stored values moved under the newest keys. */
export const keysStatus: Command = {
  name: 'keys status',
  takes: '',
  says: 'how far stored values moved under the newest keys, and which older versions still live and why',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator }) => {
    const found = await operator.call('GET /keys/status', { waitMs: 120_000 })
    const told = found.runs.filter((run) => run.finishedAt === null || run.moved > 0 || run.unreadable > 0)
    const runs = told.map((run) => [
      run.store,
      run.finishedAt === null ? `${percent(run.nextBlock, run.blocks)} looked at` : 'done',
      `${many(run.moved, 'value')} moved`,
      run.unreadable > 0 ? `${many(run.unreadable, 'value')} DO NOT OPEN` : '',
    ])
    const older = found.older.map((one) => [
      `${one.tenant} ${one.class === 'person' ? many(one.keys, 'person') : one.class} version ${one.version}`,
      one.values > 0 ? `${many(one.values, 'value')} to move` : '',
      one.fixed > 0 ? `${many(one.fixed, 'value')} that must not change or end by themselves` : '',
      one.movesFrom === null
        ? ''
        : `replaced everywhere from ${one.movesFrom.slice(0, 16).replace('T', ' ')} on`,
      one.unusedSince === null ? '' : `unused since ${one.unusedSince.slice(0, 10)}, kept for backups`,
    ])
    const lines = [
      ...columns(runs),
      found.runs.length === 0
        ? 'No stored value had to move yet.'
        : `${many(found.runs.length - told.length, 'column')} held nothing to move.`,
      ...(older.length === 0
        ? ['No older version lives.']
        : ['', 'Older versions that still live:', ...columns(older)]),
    ]
    return { ok: found.runs.every((run) => run.unreadable === 0), json: found, lines }
  },
}

function percent(done: number, all: number): string {
  return `${all === 0 ? 100 : Math.floor((done / all) * 100)} %`
}
