/** What makes a clause true; the first kind of a clause is the main one. */
export type ClauseKind =
  | 'enforced'
  | 'measured'
  | 'computed'
  | 'attested'
  | 'inherited'
  | 'shared'
  | 'narrative'

/** One promise of the published policy, without its words: those stand in `policy/` alone. */
export interface CatalogueEntry<Id extends string = ClauseId> {
  readonly id: Id
  readonly kinds: readonly ClauseKind[]
  /** The lead-in clause (`3.1-0` for `3.1-a`) that this one rolls up into; null when its section has none. */
  readonly parent: Id | null
  /** References to frameworks and laws, e.g. `ISO A.8.24`; the edition of each is fixed by the framework maps. */
  readonly maps: readonly string[]
}

/** The id of a clause of the policy, e.g. `3.4-a`; ids are never used again for another promise. */
export type ClauseId = IdOf<(typeof rows)[number]>

type IdOf<Row extends string> = Row extends `${infer Id}|${string}` ? Id : never

const KINDS: ReadonlyMap<string, ClauseKind> = new Map([
  ['E', 'enforced'],
  ['M', 'measured'],
  ['C', 'computed'],
  ['A', 'attested'],
  ['I', 'inherited'],
  ['S', 'shared'],
  ['N', 'narrative'],
])

// One clause a row, in the order of the text: id | letters of its kinds | references.
const rows = [
  'P-a|N|ISO A.5.1; CSF GV.PO-01',
  'P-b|C|ISO A.5.1; SOC2 CC5.3; CSF GV.PO-02; PCI 12.1.2',
  'P-c|N|ISO A.5.4; SOC2 CC1.1; CSF GV.RR-01',
  'P-d|C|GDPR 32; ISO A.5.1/A.5.36; CSF GV.PO-01; FedRAMP ADS-CSO-PUB',
  '1.1-0|C|ISO A.5.36; CSF GV.OC-03',
  '1.1-a|CA|ISO 4–10, Annex A',
  '1.1-b|CA|SOC2 CC1–CC9, A1, C1',
  '1.1-c|C|CSF 2.0 all',
  '1.1-d|EM|ISO A.8.26/28/29; PCI 6.2.4; ASVS 5.0',
  '1.2-a|MA|ISO A.5.35, 9.2, 10.1; SOC2 CC4.1/4.2; CSF ID.IM-01..04',
  '1.2-b|EC|ISO A.5.1; CSF GV.OV-01..03, GV.PO-02; SOC2 CC3.4',
  '2.1-0|EM|ISO A.8.24, A.5.14; SOC2 CC6.7; CSF PR.DS-02; PCI 4.2.1',
  '2.1-a|EM|PCI 4.2.1; ASVS V12; CSF PR.DS-02',
  '2.1-b|EM|ISO A.8.24',
  '2.1-c|EM|ASVS V3; OWASP A02:2025',
  '2.2-0|EM|ISO A.8.24; SOC2 CC6.1; CSF PR.DS-01; GDPR 32(1)(a); PCI 3.5',
  '2.2-a|EM|ISO A.8.24; PCI 3.5.1',
  '2.2-b|EM|ISO A.8.13, A.8.24; CSF PR.DS-11',
  '2.2-c|MI|ISO A.8.1/A.8.24; CSF PR.DS-01',
  '2.2-d|EMI|ISO A.8.24; PCI 3.6/3.7; CSF PR.DS-01',
  '2.3-a.1|EM|ISO A.8.24; PCI 3.7.4; CSF PR.DS-01',
  '2.3-a.2|EM|PCI 3.6.1',
  '2.3-b|EM|ISO A.8.2/A.8.15; SOC2 CC6.1; PCI 3.7',
  '3.1-0|EM|ISO A.8.5; SOC2 CC6.1; CSF PR.AA-03; PCI 8.4.2; FedRAMP KSI-IAM-MFA',
  '3.1-a|EM|ASVS V6',
  '3.1-b|EM|NIST 800-63B restricted; OWASP A07:2025',
  '3.1-c|EM|ISO A.8.5; FedRAMP KSI-IAM-MFA',
  '3.2-0|EM|ISO A.5.15/A.8.3; SOC2 CC6.3; CSF PR.AA-05',
  '3.2-a|EM|ISO A.5.18/A.5.3; CSF PR.AA-05',
  '3.2-b|EMA|ISO A.5.18; SOC2 CC6.2/6.3; PCI 7.2.4 (6 mo)',
  '3.2-c|EM|ISO A.6.5/A.5.18; SOC2 CC6.2; CSF PR.AA-01',
  '3.2-d|EM|ISO A.8.2; FedRAMP KSI-IAM-JIT; CSF PR.AA-05',
  '3.3-0|E|ISO A.5.17',
  '3.3-a|EM|PCI 8.3.6; ASVS V6',
  '3.3-b|EM|ISO A.8.24; ASVS V11',
  '3.3-c|EM|NIST 800-63B; OWASP A07',
  '3.3-d|EM|PCI 8.3.4 (≤10, ≥30 min); ASVS V6',
  '3.4-a|EM|PCI 8.2.8; ASVS V7',
  '3.4-b|EM|ISO A.8.5',
  '3.4-c|EM|ASVS V7',
  '4.1-0|C|ISO A.8.20; SOC2 CC6.6; CSF PR.IR-01',
  '4.1-a|EM|PCI 6.4.2; ISO A.8.20',
  '4.1-b|EM|ISO A.8.22; PCI 1.4; CSF PR.IR-01',
  '4.1-c|EMI|ISO A.8.20/21; PCI 1.3',
  '4.1-d|EMI|ISO A.8.6; CSF PR.IR-04',
  '4.2-0|C|ISO A.8.16; CSF DE.CM-01',
  '4.2-a|M|ISO A.8.16; CSF DE.CM-01; PCI 11.5.1',
  '4.2-b|EM|SOC2 CC6.8; CSF DE.CM-09',
  '4.2-c|EM|ISO A.8.15/16; SOC2 CC7.2; CSF DE.AE-03',
  '4.2-d|AM|ISO A.5.24/A.8.16; PCI 12.10.3; CSF DE.CM',
  '4.3-a.1|EM|OWASP API4; ISO A.8.6',
  '4.3-a.2|EM|ISO A.8.5; PCI 8.6',
  '4.3-a.3|EM|ISO A.8.28; ASVS V2',
  '4.3-a.4|EM|ISO A.8.15; SOC2 CC7.2',
  '4.3-b|M|ISO A.8.16; CSF DE.AE-02',
  '5.1-0|C|ISO A.8.25; PCI 6.2; SSDF; CSF PR.PS-06',
  '5.1-a|EA|ISO A.6.3/A.8.28; PCI 6.2.2; CSF PR.AT-02',
  '5.1-b|EM|ISO A.8.28/A.8.32; SOC2 CC8.1; PCI 6.2.3',
  '5.1-c|EM|ISO A.8.29; PCI 6.2.3/6.3; ASVS',
  '5.1-d|EM|ISO A.8.29; PCI 6.4/11.3',
  '5.1-e|EM|ISO A.8.8/A.5.21; PCI 6.3.2; OWASP A03:2025',
  '5.2-0|C|ISO A.8.8; SOC2 CC7.1; CSF ID.RA-01; FedRAMP VDR',
  '5.2-a|EM|PCI 11.3 (quarterly); CSF ID.RA-01; FedRAMP VDR-TFR-PSD (3 d)',
  '5.2-b|AM|ISO A.5.35/A.8.8; PCI 11.4.1–11.4.3; SOC2 CC4.1',
  '5.2-c|EM|ISO A.5.5/A.6.8; CSF ID.RA-08; ISO 29147',
  '5.2-d|EM|PCI 6.3.3 (1 month); FedRAMP VDR-TFR-PVR (2–4 d); BOD 22-01',
  '5.2-e|EM|PCI 6.3.3 (1 month); FedRAMP VDR-TFR-PVR (2–4 d); BOD 22-01',
  '5.3-a|EM|ISO A.8.28; ASVS V1/V2; OWASP A05:2025',
  '5.3-b|EM|ASVS V1/V3; OWASP A05:2025',
  '5.3-c|EM|ISO A.8.28; ASVS V1',
  '6.1-0|C|ISO A.8.13; SOC2 A1.2; CSF PR.DS-11',
  '6.1-a|EM|ISO A.8.13; SOC2 A1.2',
  '6.1-b|EM|ISO A.8.13',
  '6.1-c|EM|ISO A.8.14; SOC2 A1.2; GDPR 44 if cross-border',
  '6.1-d|EM|ISO A.8.24',
  '6.1-e|EM|ISO A.8.10/A.8.13; GDPR 5(1)(e), 17',
  '6.2-0|AC|ISO A.5.29/A.5.30; CSF RC.RP',
  '6.2-a|M|ISO A.5.30; SOC2 A1.3',
  '6.2-b|EM|SOC2 A1.2',
  '6.2-c|EAM|ISO A.5.30; SOC2 A1.3; CSF RC.RP, ID.IM-02; FedRAMP KSI-RPL-TRC',
  '6.2-d|EM|ISO A.8.14',
  '6.2-e|A|ISO A.5.24',
  '7.1-0|IA|ISO A.7.1; SOC2 CC6.4; CSF PR.IR-02',
  '7.1-a|I|ISO A.7.1/A.7.4; SOC2 CC6.4; PCI 9',
  '7.1-b|I|ISO A.7.2',
  '7.1-c|I|ISO A.7.11; SOC2 A1.2',
  '7.1-d|I|ISO A.7.5',
  '7.1-e|I|ISO A.7.5',
  '7.2-a.1|IM|ISO A.5.23; SOC2 CC9.2; CSF GV.SC-07',
  '7.2-a.2|I|ISO A.5.22',
  '7.2-a.3|I|PCI 12.8.2/12.8.4/12.8.5',
  '7.2-a.4|IA|GDPR 28, 44–46; UAE PDPL 22–23',
  '8.1-0|C|ISO A.8.15; SOC2 CC7.2; CSF PR.PS-04',
  '8.1-a|EM|ISO A.8.15',
  '8.1-b|EM|PCI 10.2.1.4',
  '8.1-c|EM|GDPR 32; PCI 10.2.1',
  '8.1-d|EM|PCI 10.2.1.2; SOC2 CC6.1',
  '8.1-e|EM|ISO A.5.28; CSF DE.AE-03',
  '8.2-a.1|EM|PCI 10.5.1 (12 mo, 3 mo hot); ISO A.8.15',
  '8.2-a.2|EM|ISO A.8.24',
  '8.2-a.3|EM|ISO A.8.15/A.5.33; SOC2 CC7.2; PCI 10.3; FedRAMP KSI-MLA-OSM',
  '8.2-b|EM|PCI 10.3.1; ISO A.8.15',
  '8.3-a|EM|ISO A.8.16; SOC2 CC7.2; CSF DE.CM-01/03/09, DE.AE-06',
  '8.3-b|EMA|ISO A.5.26; PCI 12.10.3/12.10.5; CSF RS.MA-01',
  '9.1-0|AE|ISO A.5.24; SOC2 CC7.3–7.5; PCI 12.10.1/12.10.2; CSF RS.MA-01, ID.IM-04',
  '9.1-a|EM|ISO A.5.25; CSF DE.AE-08, RS.MA-02/03',
  '9.1-b|EA|ISO A.5.26/A.5.28; CSF RS.MI-01/02',
  '9.1-c|EM|ISO A.5.29; CSF RC.RP-01..06; SOC2 CC7.5',
  '9.1-d.1|EM|ISO A.5.26; CSF RS.CO-02',
  '9.1-d.2|EM|ISO A.5.26; CSF RS.CO-02/03, RC.CO-03/04',
  '9.1-e|EA|ISO A.5.27; PCI 12.10.6; CSF ID.IM-03; FedRAMP KSI-INR-AAR',
  '9.2-0|E|GDPR 33(5); ISO A.5.24/A.6.8',
  '9.2-a|EM|GDPR 33(2); Cal. Civ. 1798.82(b); UAE PDPL 9; PCI 12.10.1',
  '9.2-b|E|GDPR 33(3)(a)-(c), 34(2); Cal 1798.82(d); UAE 9',
  '9.2-c|E|GDPR 33(3)(d); Cal 1798.82(d) "What We Are Doing / What You Can Do"',
  '9.2-d|EA|GDPR 33/34; UK GDPR; Cal 1798.82; UAE PDPL 9; PCI 12.10',
  '10.1-a|EA|ISO A.6.1; SOC2 CC1.4; PCI 12.7.1; CSF GV.RR-04',
  '10.2-0|C|ISO A.6.3',
  '10.2-a|EA|ISO A.6.3; PCI 12.6.3; CSF PR.AT-01',
  '10.2-b|EA|ISO A.6.3; PCI 12.6.3; GDPR 39(1)(b)',
  '10.2-c|EM|ISO A.6.3; PCI 12.6.3.1; CSF PR.AT-01',
  '10.3-a|EA|ISO A.6.2/A.6.6; SOC2 CC1.1/CC1.4; GDPR 28(3)(b)',
  '11.1-a|EA|ISO A.5.19/A.5.21; SOC2 CC9.2; CSF GV.SC-06/07; GDPR 28(1); PCI 12.8.3',
  '11.1-b|AM|ISO A.5.22; CSF GV.SC-07; PCI 12.8.4',
  '11.2-a|AE|GDPR 28(2)-(4); ISO A.5.20; SOC2 CC9.2; CCPA contract terms',
  '12.1-0|C|ISO A.5.31/A.5.34; CSF GV.OC-03',
  '12.1-a|CAE|GDPR 5,12–22,25,28,30,32–36,44–49',
  '12.1-b|CAE|UK GDPR; DPA 2018; DUAA 2025',
  '12.1-c|CEA|Civ. 1798.100–.199; 11 CCR 7021, 7026',
  '12.1-d|CA|PDPL 7–9, 13–19, 20–24',
  '12.1-e|IAM|PCI 3, 6.4.3, 11.6.1, 12.8, 12.10.7',
  '12.2-0|CA|ISO A.5.36',
  '12.2-a|A|SOC2',
  '12.2-b|A|ISO 27001 clause 4–10',
  '13-0|SC|SOC2 CUECs; PCI 12.9.2; FedRAMP SCG',
  '13-a|SE|ISO A.5.17',
  '13-b|E|ISO A.8.5',
  '13-c|SE|SOC2 CUEC',
  '13-d|S|ISO A.5.31',
  '13-e|SE|GDPR 6,7; UAE 6; ePrivacy',
  '13-f|SE|ISO A.6.8; CSF RS.CO-02',
  '14-a|EC|ISO A.5.1; CSF GV.PO-02; PCI 12.1.2',
  '14-b|EM|SOC2 CC2.3; GDPR 28(2); FedRAMP SCN',
  '15-a|EM|ISO A.5.5/A.6.8; CSF RS.CO-02',
  '15-b|EM|RFC 9116; FedRAMP FSI',
  '15-c|EM|GDPR 12–22; CCPA 1798.130; UAE 13–19',
] as const

/** Reads rows of `id|kinds|references`; throws on a row that is malformed or whose id occurred before. */
export function readCatalogue<const Row extends string>(
  lines: readonly Row[],
): readonly CatalogueEntry<IdOf<Row>>[] {
  const ids = new Set(lines.map(idOf))
  if (ids.size < lines.length) throw new Error('a clause id occurs twice in the catalogue')
  return lines.map((line) => {
    const id = idOf(line)
    const [, letters = '', references = '', ...more] = line.split('|')
    if (more.length > 0) throw new Error(`the row of clause ${id} has more than three columns`)
    return { id, kinds: readKinds(id, letters), parent: leadInOf(id, ids), maps: readMaps(id, references) }
  })
}

function idOf<Row extends string>(line: Row): IdOf<Row> {
  const id = /^((?:P|\d{1,2}(?:\.\d)?)-(?:0|[a-z](?:\.[1-9])?))\|/.exec(line)?.[1]
  if (id === undefined) throw new Error(`no clause id at the start of the row “${line}”`)
  // The text before the first bar, which is what the type says.
  return id as IdOf<Row>
}

function readKinds(id: string, letters: string): readonly ClauseKind[] {
  const kinds = letters.split('').map((letter) => {
    const kind = KINDS.get(letter)
    if (kind === undefined) throw new Error(`clause ${id} has the unknown kind “${letter}”`)
    return kind
  })
  if (kinds.length === 0 || new Set(kinds).size < kinds.length)
    throw new Error(`clause ${id} must name each of its kinds once, and at least one`)
  return kinds
}

function readMaps(id: string, references: string): readonly string[] {
  const maps = references.split(';').map((reference) => reference.trim())
  if (maps.includes('')) throw new Error(`clause ${id} has an empty reference`)
  return maps
}

/** Clauses that end in `-0` and promise something of their own instead of leading others in. */
const STANDING_ALONE = new Set(['3.1-0'])

function leadInOf<Id extends string>(id: Id, ids: ReadonlySet<Id>): Id | null {
  const leadIn = id.replace(/-.*$/, '-0')
  if (STANDING_ALONE.has(leadIn)) return null
  return [...ids].find((other) => other === leadIn && other !== id) ?? null
}

/** Every clause of the policy, in the order of the text. */
export const clauseCatalogue: readonly CatalogueEntry[] = readCatalogue(rows)
