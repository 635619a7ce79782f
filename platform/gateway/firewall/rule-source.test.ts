import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, suite, test } from 'node:test'
import { secondsAfter } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { foundRules, readRuleFolder } from './rule-folder.ts'
import { openRuleSource, PINNED, type Ask, type RunProgram } from './rule-source.ts'
import { openRuleStore } from './rule-store.ts'

const RULE = 'SecComponentSignature "OWASP_CRS/9.8.7"\nSecAction "id:901001,phase:1,nolog,pass"\n'
const AT = new Date('2026-02-03T04:05:06Z')
const noProgram: RunProgram = async () => assert.fail('no program is run')

suite('where rules come from', () => {
  const folder = mkdtempSync(join(tmpdir(), 'surety-rules-'))
  const set = join(folder, 'coreruleset-9.8.7')
  after(() => rmSync(folder, { recursive: true }))
  beforeEach(() => {
    rmSync(set, { recursive: true, force: true })
    mkdirSync(join(set, 'rules'), { recursive: true })
    writeFileSync(join(set, 'rules/REQUEST-901-INITIALIZATION.conf'), RULE)
    writeFileSync(join(set, 'rules/words.data'), 'word\n')
    writeFileSync(join(set, 'rules/REQUEST-900.conf.example'), 'no part of the set')
    writeFileSync(join(set, 'crs-setup.conf.example'), '# setvar:tx.paranoia_level=1\n')
  })

  const archive = (): Buffer => execFileSync('tar', ['-C', folder, '-czf', '-', 'coreruleset-9.8.7'])
  const answering =
    (body: () => Buffer, seen: string[] = []): Ask =>
    async (url) => {
      seen.push(url.href)
      if (url.hostname === 'github.com')
        return { status: 302, headers: { location: 'https://files.example/a' }, body: Buffer.alloc(0) }
      return { status: 200, headers: {}, body: body() }
    }
  const refused = (part: RegExp) => (error: unknown) => error instanceof Problem && part.test(error.detail)

  test('a folder is found as a release, as its rules folder, and as a distribution unpacks it', async () => {
    const release = await readRuleFolder(set)
    assert.equal(release.version, '9.8.7')
    assert.deepEqual([...release.files.keys()].toSorted(), [
      'crs-setup.conf',
      'rules/REQUEST-901-INITIALIZATION.conf',
      'rules/words.data',
    ])
    assert.equal((await readRuleFolder(join(set, 'rules'))).fingerprint, release.fingerprint)
    const unpacked = join(folder, 'unpacked')
    mkdirSync(join(unpacked, 'usr/share/modsecurity-crs/rules'), { recursive: true })
    mkdirSync(join(unpacked, 'etc/modsecurity/crs'), { recursive: true })
    for (const [name, content] of release.files)
      writeFileSync(
        join(unpacked, name === 'crs-setup.conf' ? 'etc/modsecurity/crs' : 'usr/share/modsecurity-crs', name),
        content,
      )
    assert.equal(
      (await readRuleFolder(join(unpacked, 'usr/share/modsecurity-crs'))).fingerprint,
      release.fingerprint,
    )
  })

  test('a folder without rules, without a setup, or whose setup overrules the policy is refused', async () => {
    await assert.rejects(readRuleFolder(folder), refused(/holds no rules/))
    appendFileSync(
      join(set, 'crs-setup.conf.example'),
      'SecAction "id:1,phase:1,setvar:\'tx.blocking_paranoia_level=1\'"\n',
    )
    await assert.rejects(readRuleFolder(set), refused(/crs-setup\.conf:2/))
    rmSync(join(set, 'crs-setup.conf.example'))
    await assert.rejects(readRuleFolder(set), refused(/no crs-setup/))
  })

  test('a release is taken when its rules have the fingerprint, whoever handed it over', async () => {
    const { fingerprint } = await readRuleFolder(set)
    const seen: string[] = []
    const got = await openRuleSource(`9.8.7:${fingerprint}`, answering(archive, seen), noProgram).fetch()
    assert.equal(got.source.kind, 'release')
    assert.equal(got.fingerprint, fingerprint)
    assert.equal(seen[1], 'https://files.example/a')
    assert.match(PINNED, /^\d+\.\d+\.\d+:[0-9a-f]{64}$/)
  })

  test('policy 4.1-a: an archive with one changed byte in a rule is refused, and both reasons are told', async () => {
    const { fingerprint } = await readRuleFolder(set)
    appendFileSync(join(set, 'rules/words.data'), ' ')
    const run: RunProgram = async () => {
      throw Object.assign(new Error('spawn'), { code: 'ENOENT' })
    }
    const source = openRuleSource(`9.8.7:${fingerprint}`, answering(archive), run)
    await assert.rejects(source.fetch(), refused(/fingerprint [0-9a-f]{64}, not .*ENOENT/))
  })

  test('without the release the package of the distribution is unpacked, without installing it', async () => {
    const { files } = await readRuleFolder(set)
    const run: RunProgram = async (program, args, where) => {
      if (program === 'apt-get') writeFileSync(join(where, 'modsecurity-crs_9.8.7_all.deb'), '')
      else
        for (const [name, content] of files) {
          const place = join(
            where,
            args[2] ?? '',
            name === 'crs-setup.conf' ? 'etc/modsecurity/crs' : 'usr/share/modsecurity-crs',
            name,
          )
          mkdirSync(join(place, '..'), { recursive: true })
          writeFileSync(place, content)
        }
    }
    const away: Ask = async () => {
      throw Object.assign(new Error('no network'), { code: 'ENETUNREACH' })
    }
    const got = await openRuleSource('', away, run).fetch()
    assert.deepEqual(got.source, { kind: 'package', from: 'modsecurity-crs_9.8.7_all.deb' })
    assert.equal(got.fingerprint, foundRules(files).fingerprint)
  })

  test('a redirect away from TLS is not followed', async () => {
    const ask: Ask = async () => ({
      status: 302,
      headers: { location: 'http://files.example/' },
      body: Buffer.alloc(0),
    })
    await assert.rejects(openRuleSource('', ask, async () => {}).newest('release', ''), refused(/leaves TLS/))
  })

  test('policy 4.1-a: sets are kept privately, compared with what was fetched when read, and a few stay', async () => {
    const place = join(folder, 'store')
    const store = openRuleStore(place)
    assert.equal(await store.current(), null)
    for (let round = 0; round < 7; round += 1) {
      appendFileSync(join(set, 'rules/words.data'), `word ${round}\n`)
      const found = await readRuleFolder(set)
      const about = {
        source: { kind: 'folder', from: set },
        fetchedAt: secondsAfter(AT, round).toISOString(),
        newest: '9.8.7',
      } as const
      await store.keep(found, about)
      await store.use(found.fingerprint)
    }
    const kept = await store.current()
    assert.equal(kept?.files.size, 3)
    assert.equal(readdirSync(place).length, 6)
    const { fingerprint } = kept.manifest
    await store.noteCompared(fingerprint, secondsAfter(AT, 100), '9.9.0')
    assert.equal((await store.current())?.manifest.newest, '9.9.0')
    const file = join(place, fingerprint, 'files/rules/words.data')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    appendFileSync(file, 'x')
    await assert.rejects(store.current(), refused(/words\.data is not the one/))
  })
})
