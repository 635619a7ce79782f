import { clearColumns } from '../platform/encryption/inventory/clear-columns.ts'
import { stores, type Store } from '../platform/encryption/inventory/index.ts'

const ENCRYPTION: Readonly<Record<Store['encryption'], string>> = {
  sealed: 'sealed under the key of a tenant or of the backup',
  wrapped: 'wrapped under a key that is kept elsewhere',
  keys: 'closed to other users, apart from the data',
  disk: 'by the disk alone',
  memory: 'never on a disk',
  public: 'public',
}

/** The inventory of stores as the Markdown page `docs/stores.md`. */
export function storesPage(): string {
  const rows = stores.map(
    ({ kind, name, says, holds, encryption, backup }) =>
      `| \`${name}\` | ${kind} | ${says} | ${holds} | ${ENCRYPTION[encryption]} | ${backup.tier}: ${backup.because} |`,
  )
  const classes = clearColumns.map(
    ({ because, columns, shape }) =>
      `| ${because} | ${columns.split(/\s+/).filter(Boolean).length} | ${shape === null ? '' : `\`${shape.replaceAll('|', '\\|')}\``} |`,
  )
  return [
    '# Stores',
    '',
    'Everything that the product keeps anywhere: what it holds at most, how that is encrypted where it rests, and how it comes back. A',
    'store without an encryption descriptor or a backup policy cannot be registered, and the checks of clauses 2.2-0 and 6.1-0 compare',
    'this list with the tables, folders and open files that they find. Whether the disk below is encrypted is clause 2.2-c.',
    '',
    '| store | kind | what it is | holds | encrypted | comes back |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## Columns in the clear',
    '',
    'A column of text, JSON, lists or bytes is sealed, or it stands in one of these classes. Where a shape is given, the newest values',
    'are held against it at every check.',
    '',
    '| why it needs no envelope | columns | shape |',
    '| --- | --- | --- |',
    ...classes,
    '',
  ].join('\n')
}
