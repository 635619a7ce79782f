import { hash } from 'node:crypto'
import { RepositoryError } from '#backup'
import { z } from '../../kernel/schema.ts'

/** A file as PostgreSQL's own manifest of a backup lists it. */
export interface ListedFile {
  readonly bytes: number
  /** CRC-32C in hexadecimal; null when the manifest carries none, or another algorithm's. */
  readonly crc32c: string | null
}

const schema = z.object({
  'PostgreSQL-Backup-Manifest-Version': z.union([z.literal(1), z.literal(2)]),
  Files: z.array(
    z.object({
      Path: z.string().optional(),
      'Encoded-Path': z
        .string()
        .regex(/^(?:[0-9a-f]{2})*$/)
        .optional(),
      Size: z.int().min(0),
      'Checksum-Algorithm': z.string().optional(),
      Checksum: z.string().optional(),
    }),
  ),
})

/** Every file of a `backup_manifest`, whose own checksum must be right; throws `damaged` with the object's path. */
export function readDatabaseManifest(bytes: Buffer, path: string): ReadonlyMap<string, ListedFile> {
  const text = bytes.toString('utf8')
  // The checksum covers every line but the last, which holds it.
  const lastLine = text.trimEnd().lastIndexOf('\n') + 1
  const said = /"Manifest-Checksum": "([0-9a-f]{64})"/.exec(text.slice(lastLine))?.[1]
  if (said === undefined || hash('sha256', Buffer.from(text.slice(0, lastLine)), 'hex') !== said)
    throw new RepositoryError('damaged', path)
  const read = schema.safeParse(JSON.parse(text))
  if (!read.success) throw new RepositoryError('damaged', path, read.error)
  return new Map(
    read.data.Files.map((file) => [
      file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString('utf8'),
      { bytes: file.Size, crc32c: file['Checksum-Algorithm'] === 'CRC32C' ? (file.Checksum ?? null) : null },
    ]),
  )
}
