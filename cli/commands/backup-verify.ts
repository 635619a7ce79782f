import type { BackupVerdict } from '#backup'
import { UsageError, type Command } from '../command.ts'
import { bytesText, many } from '../plain-text.ts'
import { restoreAnswer, systemOf } from '../restore-program.ts'

/** What a backup is called: the moment of its beginning and its kind. */
const NAME = /^\d{8}T\d{6}Z-(?:full|incr)$/

/** `surety backup verify`: reads every object of one backup or of all, in every region. */
export const backupVerify: Command = {
  name: 'backup verify',
  takes: '[NAME]',
  says: 'read every object of a backup, or of all, in every region; names the first that is not right',
  words: { min: 0, max: 1 },
  flags: { system: { value: 'ID', says: 'the database cluster, where the stores hold several' } },
  run: async ({ words: [name], value, say }) => {
    if (name !== undefined && !NAME.test(name))
      throw new UsageError('NAME is one that `surety backup list` shows, such as 20260130T120000Z-full.')
    const verdicts = await restoreAnswer<readonly BackupVerdict[]>(
      {
        do: 'verify',
        ...(name === undefined ? {} : { name }),
        ...systemOf(value('system')),
      },
      say,
    )
    return {
      ok: verdicts.length > 0,
      json: { verdicts },
      lines:
        verdicts.length === 0
          ? ['There is no backup yet.']
          : verdicts.map(
              (one) =>
                `${one.name} in ${one.region}: ${many(one.objects, 'object')}, ${bytesText(one.bytes)}, ${
                  one.opened
                    ? 'each opened and unpacked'
                    : 'each compared with the signed hash (no recovery identity here to open them)'
                }.`,
            ),
    }
  },
}
