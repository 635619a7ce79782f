import type { BackupListing } from '../../platform/recovery/index.ts'
import type { Command } from '../command.ts'
import { age, bytesText, columns } from '../plain-text.ts'
import { restoreAnswer } from '../restore-program.ts'

/** `surety backup list`: what the stores hold, newest first; needs no running system and no key that opens anything. */
export const backupList: Command = {
  name: 'backup list',
  takes: '',
  says: 'the backups in the stores: size, chain and regions',
  words: { min: 0, max: 0 },
  flags: { system: { value: 'ID', says: 'the database cluster, where the stores hold several' } },
  run: async ({ value, now, say }) => {
    const system = value('system')
    const listing = await restoreAnswer<BackupListing>(
      { do: 'list', ...(system === undefined ? {} : { system }) },
      say,
    )
    const rows = listing.backups.map(({ name, finishedAt, bytes, plainBytes, chain, regions }) => [
      name,
      age(finishedAt, now),
      `${bytesText(bytes)} of ${bytesText(plainBytes)}`,
      chain.length === 1 ? 'full' : `${chain.length} in its chain, from ${chain[0] ?? ''}`,
      regions.join(', '),
    ])
    const lacking = listing.backups.filter(({ regions }) => regions.length < listing.regions.length)
    return {
      ok: listing.refused.length === 0 && lacking.length === 0,
      json: listing,
      lines: [
        ...(rows.length === 0 ? ['There is no backup yet.'] : columns(rows)),
        ...lacking.map(({ name, regions }) => `${name} is only in ${regions.join(', ')}.`),
        ...listing.refused.map(({ path, code }) => `REFUSED: ${path} is ${code}.`),
      ],
    }
  },
}
