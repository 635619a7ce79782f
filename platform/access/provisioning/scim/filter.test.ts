import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readFilter, type Filter } from './filter.ts'
import { matches } from './filter-match.ts'
import { readResource, type Resource } from './resource.ts'
import { ScimError } from './scim-error.ts'
import { userType } from './user-schema.ts'

const person: Resource = {
  ...readResource(userType, {
    userName: 'Sample.One',
    externalId: 'Ab',
    active: true,
    name: { familyName: 'Sample', givenName: 'One' },
    emails: [
      { type: 'work', value: 'one@example.com', primary: true },
      { type: 'home', value: 'one@example.org' },
    ],
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': {
      department: 'Tours',
      manager: { value: 'x' },
    },
  }),
  meta: { created: '2026-01-30T12:00:00.000Z' },
}

const meets = (text: string): boolean => matches(readFilter(userType, text), person)

function refused(text: string): void {
  assert.throws(
    () => readFilter(userType, text),
    (error) => error instanceof ScimError && error.status === 400 && error.scimType === 'invalidFilter',
    text,
  )
}

test('every operator of RFC 7644 compares as it says, and case counts only where the schema says so', () => {
  const yes = [
    'userName eq "sample.one"',
    'USERNAME EQ "SAMPLE.ONE"',
    'externalId eq "Ab"',
    'userName ne "x"',
    'userName co "LE.O"',
    'userName sw "sam"',
    'userName ew "ONE"',
    'userName gt "a" and userName lt "z"',
    'userName ge "sample.one" and userName le "sample.one"',
    'title eq null',
    'not (title pr)',
    'emails pr',
    'emails.value co "example.org"',
    'emails co "example.org"',
    'emails[type eq "work" and value ew "example.com"]',
    'emails[type eq "work"].value eq "one@example.com"',
    'emails[not (type eq "work")]',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "sample.one"',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "tours"',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:manager.value eq "x"',
    'active eq true',
    'active eq "True"',
    'meta.created gt "2026-01-30T11:59:59Z" and meta.created lt "2026-01-30T14:00:01+02:00"',
    'name.familyName eq Sample and (emails.value co example.net or emails.value co example.org)',
  ]
  for (const text of yes) assert.ok(meets(text), text)
  const no = [
    'externalId eq "ab"',
    'userName eq "x"',
    'userName ne "Sample.one"',
    'emails[type eq "work" and value ew "example.org"]',
    'emails ne "one@example.org"',
    'active eq false',
    'title pr',
    'userName eq "x" or title pr and active eq true',
  ]
  for (const text of no) assert.ok(!meets(text), text)
})

test('“and” binds more tightly than “or”, “not” most of all', () => {
  assert.ok(meets('active eq true or userName eq "x" and userName eq "y"'))
  assert.ok(!meets('(active eq true or userName eq "x") and userName eq "y"'))
  assert.ok(!meets('not (active eq true) and userName eq "sample.one"'))
})

test('what is not in the grammar, or names nothing that there is, is refused as invalidFilter', () => {
  for (const text of [
    '',
    'userName',
    'userName eq',
    'userName xx "a"',
    'userName eq "a" and',
    '(userName eq "a"',
    'userName eq "a")',
    'userName eq "a',
    'userName eq "\\q"',
    'userName eq "\\u0000"',
    'userName eq "\\ud800"',
    'passwordHash eq "a"',
    'emails[type eq "work"',
    'emails[type[x eq 1] eq "work"]',
    'name eq "x"',
    'active gt true',
    'active eq "maybe"',
    'meta.created gt "yesterday"',
    'title gt null',
    '__proto__ eq "a"',
    'constructor.name eq "a"',
    'emails[constructor eq "a"]',
  ])
    refused(text)
})

test('deep, long and wide filters are refused before they cost anything', () => {
  refused(`${'('.repeat(2000)}active eq true${')'.repeat(2000)}`)
  refused(`${'not ('.repeat(40)}active eq true${')'.repeat(40)}`)
  refused(Array.from({ length: 101 }, () => 'active pr').join(' or '))
  refused(`userName eq "${'x'.repeat(5000)}"`)
})

const names = ['userName', 'title', 'name.givenName', 'emails.value', 'active', 'externalId']
const term: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('userName', 'title', 'externalId'),
      fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'le'),
      fc.string(),
    )
    .map(([name, op, value]) => `${name} ${op} ${JSON.stringify(value.replaceAll('\0', ''))}`),
  fc.constantFrom(...names).map((name) => `${name} pr`),
  fc.boolean().map((flag) => `active eq ${flag}`),
)
const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4 },
    term,
    fc
      .tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    tie('filter').map((inner) => `not (${inner})`),
  ),
}))

function negated(of: Filter): Filter {
  return { kind: 'not', of }
}

test('any filter of the grammar reads, and De Morgan holds for what it matches', () => {
  fc.assert(
    fc.property(filter, filter, (a, b) => {
      const one = readFilter(userType, a)
      const other = readFilter(userType, b)
      assert.equal(matches(negated(one), person), !matches(one, person))
      const neither = negated({ kind: 'any', of: [one, other] })
      const both: Filter = { kind: 'all', of: [negated(one), negated(other)] }
      assert.equal(matches(neither, person), matches(both, person))
    }),
    { numRuns: 300 },
  )
})

test('no text crashes the reader: it reads or is refused as invalidFilter', () => {
  const pieces = fc.array(
    fc.constantFrom(
      'userName',
      'emails',
      '[',
      ']',
      '(',
      ')',
      'eq',
      'and',
      'or',
      'not',
      '"a"',
      '"',
      '.value',
      'true',
      '\\',
      '\u2028',
      "'; drop table account; --",
    ),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        pieces.map((all) => all.join(' ')),
        pieces.map((all) => all.join('')),
      ),
      (text) => {
        try {
          matches(readFilter(userType, text), person)
        } catch (error) {
          assert.ok(error instanceof ScimError && error.scimType === 'invalidFilter', String(error))
        }
      },
    ),
    { numRuns: 1000 },
  )
})
