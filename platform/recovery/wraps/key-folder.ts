import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileIfThere, secretFile } from '../../kernel/secret-file.ts'

/** A key file of this name is there already: another process made it at the same moment. */
export class KeyFileTaken extends Error {
  constructor(file: string) {
    super(`the key file ${file} is there already`)
    this.name = 'KeyFileTaken'
  }
}

/** Numbered key files of one kind in a folder, such as `backup-recipient-0001.txt`; the newest has the highest number. */
export interface NumberedFile {
  readonly number: number
  readonly name: string
  readonly text: string
}

const fileName = (kind: string, number: number, ending: string): string =>
  `${kind}-${String(number).padStart(4, '0')}.${ending}`

/** Every file of a kind, the oldest first; none when there is no such folder. */
export async function numberedFiles(folder: string, kind: string): Promise<readonly NumberedFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
  const found = names
    .toSorted((a, b) => (a < b ? -1 : 1))
    .flatMap((name) => {
      const number = new RegExp(`^${kind}-([0-9]{4})\\.[a-z]+$`).exec(name)?.[1]
      return number === undefined ? [] : [{ name, number: Number(number) }]
    })
  return Promise.all(
    found.map(async (one) => ({
      ...one,
      text: (await fileIfThere(join(folder, one.name)))?.toString() ?? '',
    })),
  )
}

/** Writes a numbered file, closed to other users, that must not be there yet; returns its name. */
export async function writeNumbered(
  folder: string,
  kind: string,
  file: { readonly number: number; readonly ending: string; readonly text: string },
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const name = fileName(kind, file.number, file.ending)
  const written = await secretFile(join(folder, name), () => file.text)
  if (written.toString() !== file.text) throw new KeyFileTaken(name)
  return name
}

/** Removes a numbered file, also when another process does so at the same moment. */
export async function removeNumbered(folder: string, name: string): Promise<void> {
  await rm(join(folder, name), { force: true })
}

/** The moment of a line `# since …`; throws when there is none. */
export function sinceOf({ name, text }: NumberedFile): Date {
  const moment = new Date(/^# since (\S+)$/m.exec(text)?.[1] ?? '')
  if (Number.isNaN(moment.getTime())) throw new Error(`the key file ${name} does not say since when`)
  return moment
}
