import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'

/** A made-up machine: devices by `major:minor`, with their files in `/sys` and what they stand on. */
export interface MadeMachine {
  readonly mounts: readonly string[]
  readonly swaps?: readonly string[]
  readonly devices: Readonly<
    Record<
      string,
      {
        /** Below `/sys/devices`. */
        readonly path: string
        readonly files?: Readonly<Record<string, string>>
        /** Paths of the devices below. */
        readonly slaves?: readonly string[]
      }
    >
  >
}

/** Writes the tree as the kernel shows it, links included; the caller removes the folder. */
export async function makeMachine(
  made: MadeMachine,
): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-machine-'))
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const link = async (from: string, to: string): Promise<void> => {
    await mkdir(dirname(join(folder, from)), { recursive: true })
    await symlink(relative(dirname(join(folder, from)), join(folder, to)), join(folder, from))
  }
  await put('proc/self/mountinfo', `${made.mounts.join('\n')}\n`)
  await put('proc/swaps', ['Filename Type Size Used Priority', ...(made.swaps ?? [])].join('\n'))
  for (const [numbers, { path, files = {}, slaves = [] }] of Object.entries(made.devices)) {
    const device = join('sys/devices', path)
    await put(join(device, 'dev'), `${numbers}\n`)
    for (const [name, text] of Object.entries(files)) await put(join(device, name), `${text}\n`)
    await link(join('sys/dev/block', numbers), device)
    await link(join('sys/class/block', basename(path)), device)
    if (files['partition'] === undefined) await link(join('sys/block', basename(path)), device)
    for (const slave of slaves)
      await link(join(device, 'slaves', basename(slave)), join('sys/devices', slave))
  }
  return { folder, remove: () => rm(folder, { recursive: true }) }
}
