import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** One import of one file: where it stands, what it names, and whether only types come through it. */
interface Import {
  readonly from: string
  readonly to: string
  readonly typesOnly: boolean
}

const root = fileURLToPath(new URL('..', import.meta.url))
const parts = ['engines', 'platform', 'inbox', 'client', 'console/src', 'cli', 'launch', 'database']
const doors: Readonly<Record<string, string>> = {
  '#ledger': 'engines/ledger/index.ts',
  '#envelope': 'engines/envelope/index.ts',
  '#waf': 'engines/waf/index.ts',
  '#backup': 'engines/backup/index.ts',
  '#client': 'client/index.ts',
  '#database': 'database/index.ts',
}

/** The modules of the platform; `kernel` and `db` are the ground they stand on. */
const modules = readdirSync(join(root, 'platform'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.parentPath.includes('/dist'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

/** Every import and re-export of a source text; those inside comments and strings of documentation do not count. */
export function importsOf(from: string, text: string): Import[] {
  const statements =
    /^\s*(?:import|export)\s+(type\s+)?((?:[^'"`;]*?)\s+from\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm
  return [...text.matchAll(statements)].map((match) => {
    const named = match[3] ?? match[4] ?? ''
    const braces = /\{([^}]*)\}/.exec(match[2] ?? '')?.[1]
    const inner = braces
      ?.split(',')
      .map((one) => one.trim())
      .filter(Boolean)
    const onlyTypes =
      match[1] !== undefined ||
      (inner !== undefined && inner.length > 0 && inner.every((one) => one.startsWith('type ')))
    const to = named.startsWith('.')
      ? relative(root, resolve(root, dirname(from), named))
      : (doors[named] ?? named)
    return { from, to, typesOnly: onlyTypes }
  })
}

const all = parts.flatMap(sources)
const imports = all.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')))
const isTest = (file: string): boolean =>
  /\.(test|fixture|probe)\.tsx?$/.test(file) || file.includes('/test-')
const product = imports.filter((one) => !isTest(one.from))
const top = (file: string): string => file.split('/')[0] ?? ''
const local = (one: Import): boolean =>
  [...parts.map(top), 'test', 'bench'].includes(top(one.to)) && one.to.includes('/')
const moduleOf = (file: string): string | null =>
  top(file) === 'platform' && file.split('/').length > 2 ? (file.split('/')[1] ?? null) : null

function none(broken: readonly Import[], rule: string): void {
  assert.deepEqual(
    broken.map((one) => `${one.from} -> ${one.to}`),
    [],
    rule,
  )
}

suite('architecture', () => {
  test('there is something to look at', () => {
    assert.ok(all.length > 100, `only ${all.length} files were found`)
    assert.ok(imports.length > 300, `only ${imports.length} imports were found`)
  })

  test('engines import Node and engines only', () => {
    none(
      product.filter(
        (one) => top(one.from) === 'engines' && !one.to.startsWith('node:') && top(one.to) !== 'engines',
      ),
      'an engine is pure: bytes and plain objects in and out',
    )
  })

  test('kernel imports no module', () => {
    none(
      product.filter((one) => moduleOf(one.from) === 'kernel' && local(one) && moduleOf(one.to) !== 'kernel'),
      'kernel is the shared vocabulary and knows nobody',
    )
  })

  test('modules meet only at index.ts', () => {
    none(
      product.filter((one) => {
        const [mine, theirs] = [moduleOf(one.from), moduleOf(one.to)]
        return (
          theirs !== null &&
          theirs !== mine &&
          theirs !== 'kernel' &&
          modules.includes(theirs) &&
          !one.to.endsWith(`platform/${theirs}/index.ts`)
        )
      }),
      'another module is reached through its door',
    )
  })

  test('only main.ts sees every module; no other module imports it', () => {
    none(
      product.filter((one) => one.to === 'platform/main.ts'),
      'nobody imports the composition root',
    )
  })

  test('audit calls nobody but kernel, db, encryption and the ledger', () => {
    const allowed = ['kernel', 'db', 'encryption', 'audit']
    none(
      product.filter(
        (one) =>
          moduleOf(one.from) === 'audit' &&
          moduleOf(one.to) !== null &&
          !allowed.includes(moduleOf(one.to) ?? ''),
      ),
      'everyone may call audit, so audit may call nobody',
    )
  })

  test('console imports types of the platform only', () => {
    none(
      product.filter(
        (one) => top(one.from) === 'console' && local(one) && top(one.to) !== 'console' && !one.typesOnly,
      ),
      'the console runs in a browser',
    )
  })

  test('the command line imports types of the API, the settings and engines only', () => {
    none(
      product.filter(
        (one) =>
          top(one.from) === 'cli' &&
          local(one) &&
          !one.typesOnly &&
          !['cli', 'engines'].includes(top(one.to)) &&
          one.to !== 'platform/kernel/config.ts',
      ),
      'a command talks to the running system',
    )
  })

  test('inbox imports nothing of the platform', () => {
    none(
      imports.filter(
        (one) => top(one.from) === 'inbox' && ['platform', 'console', 'cli', 'launch'].includes(top(one.to)),
      ),
      'the protected service knows the public API only',
    )
  })

  test('client imports nothing but Node, packages and engines', () => {
    none(
      product.filter(
        (one) => top(one.from) === 'client' && local(one) && !['client', 'engines'].includes(top(one.to)),
      ),
      'a service of yours takes client/ and nothing else',
    )
  })

  test('SQL stands in queries only, and in the one call that puts a job on the queue', () => {
    const sqlHolders =
      /(queries\.ts|\/queries\/.*\.ts|platform\/db\/.*|inbox\/db\/.*|worker\/enqueue\.ts|jobs\/queue\.ts)$/
    const guilty = all
      .filter(
        (file) =>
          (top(file) === 'platform' || top(file) === 'inbox') && !isTest(file) && !sqlHolders.test(file),
      )
      .filter((file) =>
        /\bsql`|\.(selectFrom|insertInto|updateTable|deleteFrom)\(/.test(
          readFileSync(join(root, file), 'utf8'),
        ),
      )
    assert.deepEqual(guilty, [], 'routes -> rules -> queries; only queries hold SQL')
  })

  test('routes are known to nobody below them', () => {
    none(
      product.filter((one) => /(queries|rules)\.ts$/.test(one.from) && one.to.endsWith('routes.ts')),
      'routes -> rules -> queries',
    )
  })

  test('there is no cycle between modules', () => {
    const edges = new Map<string, Set<string>>()
    for (const one of product) {
      const [mine, theirs] = [moduleOf(one.from), moduleOf(one.to)]
      if (mine === null || theirs === null || mine === theirs || one.typesOnly) continue
      edges.set(mine, (edges.get(mine) ?? new Set()).add(theirs))
    }
    const walk = (at: string, path: readonly string[]): string | null => {
      if (path.includes(at)) return [...path.slice(path.indexOf(at)), at].join(' -> ')
      for (const next of edges.get(at) ?? []) {
        const found = walk(next, [...path, at])
        if (found !== null) return found
      }
      return null
    }
    assert.equal(modules.map((one) => walk(one, [])).find((found) => found !== null) ?? null, null)
  })

  test('every module says in one sentence what it is for', () => {
    const silent = modules
      .filter((name) => !['kernel'].includes(name))
      .filter(
        (name) =>
          !/^\/\*\* [^\n]+\. ?\*\/|^\/\*\*\n \* [^\n]+/.test(
            readFileSync(join(root, 'platform', name, 'index.ts'), 'utf8'),
          ),
      )
    assert.deepEqual(silent, [])
  })

  test('no file is called utils, helpers, common or manager, and none is over 400 lines', () => {
    const named = all.filter((file) => /(^|\/)(utils?|helpers?|common|manager)\.tsx?$/.test(file))
    const long = all.filter(
      (file) =>
        !file.endsWith('db/types.ts') && readFileSync(join(root, file), 'utf8').split('\n').length > 401,
    )
    assert.deepEqual([...named, ...long], [])
  })
})

suite('the import reader itself', () => {
  test('it sees every form of import, so that the rules above cannot pass by blindness', () => {
    const text = [
      "import { a } from './a.ts'",
      "import type { B } from './b.ts'",
      "import { type C, type D } from './c.ts'",
      "import { type E, f } from './e.ts'",
      "export { g } from './g.ts'",
      "export * from './h.ts'",
      "import './i.ts'",
      "const j = await import('./j.ts')",
      "import {\n  k,\n  l,\n} from '#ledger'",
    ].join('\n')
    const seen = importsOf('platform/access/x.ts', text).map(
      (one) => `${one.to}${one.typesOnly ? ' types' : ''}`,
    )
    const inside = (name: string): string => `platform/access/${name}.ts`
    assert.deepEqual(seen, [
      inside('a'),
      `${inside('b')} types`,
      `${inside('c')} types`,
      inside('e'),
      inside('g'),
      inside('h'),
      inside('i'),
      inside('j'),
      'engines/ledger/index.ts',
    ])
  })
})
