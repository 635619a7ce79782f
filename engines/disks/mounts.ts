/** A line of `/proc/self/mountinfo` (proc(5)), as far as it says what lies below a folder. */
export interface Mount {
  /** `major:minor`. */
  readonly device: string
  readonly at: string
  readonly type: string
  /** What was mounted, e.g. `/dev/mapper/data`. */
  readonly source: string
  /** Options of the file system, by name. */
  readonly options: ReadonlyMap<string, string>
}

/** Spaces, tabs, line breaks and backslashes are written as octal escapes. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}

/** Reads the whole file; lines that are no mounts are left out. */
export function readMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(/ - (.*)/s)
    const [, , device, , at] = before.split(' ')
    const [type, source, options = ''] = after.split(' ')
    if (device === undefined || at === undefined || type === undefined || source === undefined) return []
    const pairs = options.split(',').map((one) => {
      const [name = '', ...value] = one.split('=')
      return [name, unescaped(value.join('='))] as const
    })
    return [{ device, at: unescaped(at), type, source: unescaped(source), options: new Map(pairs) }]
  })
}

/** The mount that a path lies on: the one that hides all others, which is the last of the longest. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const holding = mounts.filter(({ at }) => at === '/' || path === at || path.startsWith(`${at}/`))
  const longest = Math.max(0, ...holding.map(({ at }) => at.length))
  return holding.findLast(({ at }) => at.length === longest)
}
