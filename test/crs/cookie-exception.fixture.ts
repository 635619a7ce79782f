import type { StageInput } from './case.ts'
import { get, type Uncovered } from './sample-input.fixture.ts'

const COOKIE = "union select 'a' from b where 1=1 -- <script>alert(1)</script> (){ :;}; ||<>!@#$%^&*'\"'"

const TEXTS: Readonly<Record<number, string>> = {
  932_240: "a'b'c /d'e'f",
  941_320: '<form a',
  941_330: '"[ name a=',
  941_340: '", a.b=c',
  942_290: '[$ne]',
  942_200: ",'a' and ,'b'  ,x (select",
  942_340: "in (select a) '' or 1=1",
  942_370: "'*1 or '1",
  942_380: 'having 1 >',
  942_390: "or 1=1 'or 1=1",
  942_400: 'and 1=1 and 1',
  942_410: 'sum(1) count(',
  942_440: '-- a -- b /*!',
  942_450: '0xdeadbeef0',
  942_470: 'xp_cmdshell exec(',
  942_480: 'union all select',
  942_490: "'=' 1'",
  942_550: "a'::jsonb <@ '{\"a\":1}'",
}

/** Rules from whose targets cookies of known names are taken, by the name's pattern: `REQUEST-999-COMMON-EXCEPTIONS-AFTER`. */
export const EXCEPTIONS: readonly Uncovered[] = [
  ...[942_421, 942_290, 942_550, 941_100, 932_240].map((rule) =>
    excepted(rule, ['_ga', '_ga_ABC123'], ['_gat-x', 'x_ga']),
  ),
  ...[941_100, 942_290, 942_420, 942_421, 942_550].map((rule) => excepted(rule, ['__gads'], ['__gads2'])),
  ...[942_420, 942_421].flatMap((rule) =>
    ['__gpi', '__eoi', 'FCNEC'].map((name) => excepted(rule, [name], [`${name}x`])),
  ),
  ...[941_100, 942_200, 942_290, 942_340, 942_370, 942_420, 942_421, 942_490, 942_550].flatMap((rule) => [
    excepted(rule, ['FCCDCF'], ['FCCDC']),
    excepted(rule, ['pbjs-unifiedid', 'pbjs-a_1'], ['pbjs-', 'pbjs-a-b']),
  ]),
  ...['sharedid', '_clsk', '_clck', '_awl'].map((name) => excepted(942_421, [name], [`${name}1`])),
  ...[
    941_320, 941_330, 941_340, 942_370, 942_380, 942_390, 942_400, 942_410, 942_420, 942_421, 942_440,
    942_450, 942_470, 942_480,
  ].map((rule) => excepted(rule, ['_pk_ref.1.ab12', '_pk_ref'], ['a_pk_ref'])),
]

function excepted(rule: number, names: readonly string[], others: readonly string[]): Uncovered {
  const text = (TEXTS[rule] ?? COOKIE).replaceAll(/[;]/g, '')
  const all = (list: readonly string[]): readonly StageInput[] =>
    list.map((name) => get('/get', { Cookie: `${name}=${text}` }))
  return { rule, seen: all(others), unseen: all(names) }
}
