import { html } from 'hono/html'
import type { Block, Chapter, Clause, Part, Section, StatusWord } from '../policy/index.ts'
import {
  clauseFinder,
  countByKeeper,
  keepers,
  pressing,
  type ShownClause,
  type TrustReport,
  type TrustView,
} from './report.ts'
import { dateOf, keeperWords, span, statusAge, statusMark, statusMeaning } from './words.ts'

/** Rendered HTML; values put into it are escaped. */
export type Html = ReturnType<typeof html>

const words = Object.keys(statusMark) as StatusWord[]

/** A whole public page: no script, one stylesheet, readable as text. */
export function publicPage(title: string, content: Html | Promise<Html>): Html | Promise<Html> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="stylesheet" href="/trust/style.css" />
        <link rel="icon" href="/trust/icon.svg" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        ${content}
      </body>
    </html> `
}

/** The public page: the policy itself, each sentence with its live status. */
export function trustPage(view: TrustView, now: Date): Html | Promise<Html> {
  const { report } = view
  const find = clauseFinder(report)
  return publicPage(
    `${report.service}: security policy`,
    html`<header>
        <p class="brand">${report.service}</p>
        <h1>Security policy, with live proof</h1>
        <p>
          Version ${report.policy.version}, published ${dateOf(report.policy.publishedAt)}, signed by key
          <code>${report.policy.signedBy.slice(0, 16)}</code>. Next review due
          ${dateOf(report.policy.reviewDue)}. As of ${report.asOf.slice(0, 16).replace('T', ' ')} UTC. The
          same as <a href="/trust.json">data</a>.
        </p>
      </header>
      <main id="main">
        ${counters(report)} ${notKept(report, now)}
        <nav aria-labelledby="chapters">
          <h2 id="chapters">Chapters</h2>
          <ul>
            ${view.chapters.map((chapter) => html`<li><a href="#c${chapter.number}">${chapterTitle(chapter)}</a></li>`)}
          </ul>
        </nav>
        ${
          report.notes.length === 0
            ? ''
            : html`<section aria-labelledby="notes">
                <h2 id="notes">About this installation</h2>
                <ul>
                  ${report.notes.map((note) => html`<li>${note}</li>`)}
                </ul>
              </section>`
        }
        ${view.chapters.map((chapter) => chapterSection(chapter, find, now))} ${verification(report)}
      </main>
      <footer>
        <p>
          ${report.contact === null ? 'No security contact is configured yet (clause 15-a).' : html`Security contact: <a href="${report.contact}">${report.contact.replace(/^mailto:/, '')}</a>`}
        </p>
      </footer>`,
  )
}

function counters(report: TrustReport): Html | Promise<Html> {
  const counts = countByKeeper(report.clauses)
  const used = words.filter((word) => [...counts.values()].some((row) => row.has(word)))
  const proven = report.clauses.filter(({ status }) => status.word === 'PROVEN').length
  return html`<section aria-labelledby="counts">
    <h2 id="counts">${report.clauses.length} promises, ${proven} of them proven by a machine</h2>
    <div class="wide" tabindex="0" role="region" aria-labelledby="counts">
      <table>
        <thead>
          <tr>
            <th scope="col">who can keep it</th>
            ${used.map((word) => html`<th scope="col"><b class="${word}">${statusMark[word]} ${word}</b></th>`)}
          </tr>
        </thead>
        <tbody>
          ${keepers
            .filter((keeper) => counts.has(keeper))
            .map(
              (keeper) =>
                html`<tr>
                  <th scope="row">${keeperWords[keeper]}</th>
                  ${used.map((word) => html`<td>${counts.get(keeper)?.get(word) ?? '–'}</td>`)}
                </tr>`,
            )}
        </tbody>
      </table>
    </div>
    <dl>
      ${used.map(
        (word) =>
          html`<div>
            <dt class="${word}">${statusMark[word]} ${word}</dt>
            <dd>${statusMeaning[word]}</dd>
          </div>`,
      )}
    </dl>
  </section>`
}

function notKept(report: TrustReport, now: Date): Html | Promise<Html> {
  const rows = pressing.flatMap((word) => report.clauses.filter(({ status }) => status.word === word))
  const unproven = report.clauses.filter(({ status }) => status.word === 'UNPROVEN').length
  return html`<section aria-labelledby="open">
    <h2 id="open">What is not kept, or not shown to be</h2>
    ${
      rows.length === 0
        ? html`<p>Nothing is failing, contradicted or stale now.</p>`
        : html`<ul>
            ${rows.map((clause) => html`<li><a href="#${clause.id}">${clause.id}</a> ${badge(clause, now)} ${inShort(clause.status.because)}</li>`)}
          </ul>`
    }
    <p>
      ${unproven} promises have no evidence yet; they are marked
      <b class="UNPROVEN">${statusMark.UNPROVEN} UNPROVEN</b> below, each with the reason.
    </p>
  </section>`
}

function chapterTitle({ number, title }: Chapter): string {
  return /^\d/.test(number) ? `${Number(number)}. ${title}` : title
}

function chapterSection(
  chapter: Chapter,
  find: (id: string) => ShownClause | undefined,
  now: Date,
): Html | Promise<Html> {
  return html`<section id="c${chapter.number}">
    <h2>${chapterTitle(chapter)}</h2>
    ${chapter.sections.map((section) => sectionPart(section, find, now))}
  </section>`
}

function sectionPart(
  section: Section,
  find: (id: string) => ShownClause | undefined,
  now: Date,
): Html | Promise<Html> {
  return html`${section.title === null ? '' : html`<h3>${section.number} ${section.title}</h3>`}${section.blocks.map((block) => blockPart(block, find, now))}`
}

function blockPart(
  block: Block,
  find: (id: string) => ShownClause | undefined,
  now: Date,
): Html | Promise<Html> {
  if (block.kind === 'paragraph') return html`<p>${sentence(block.parts)}</p>`
  return clauseList(block.clauses, find, now)
}

function clauseList(
  clauses: readonly Clause[],
  find: (id: string) => ShownClause | undefined,
  now: Date,
): Html | Promise<Html> {
  return html`<ul class="clauses">
    ${clauses.map((clause) => clauseItem(clause, find, now))}
  </ul>`
}

function clauseItem(
  clause: Clause,
  find: (id: string) => ShownClause | undefined,
  now: Date,
): Html | Promise<Html> {
  const shown = find(clause.id)
  const below = clause.children.length === 0 ? '' : clauseList(clause.children, find, now)
  if (shown === undefined)
    return html`<li id="${clause.id}"><b>${clause.id}</b> ${sentence(clause.parts)}${below}`
  // End tags that HTML lets out are left out: the page is long, and is to stay small.
  return html`<li id="${clause.id}"><p><a href="/trust/clauses/${clause.id}">${clause.id}</a> ${sentence(clause.parts)}<p class="w">${badge(shown, now)} ${proofLine(shown)}${below}
`
}

/** A reason that comes from a clause below names that clause, which explains it itself. */
function ofItself(because: string): string {
  return because.replace(/^(\S+-\S+): .*$/s, 'because of $1.')
}

/** How much of a reason stands in the list; the whole of it stands beside the sentence. */
const REASON_CHARACTERS_MAX = 100

function inShort(because: string): string {
  const reason = ofItself(because)
  if (reason.length <= REASON_CHARACTERS_MAX) return reason
  return `${reason.slice(0, reason.lastIndexOf(' ', REASON_CHARACTERS_MAX))} …`
}

/** What the status rests on: the check and its evidence in the ledger, or the reason why there is none. */
function proofLine({ status, controls }: ShownClause): Html | Promise<Html> | string {
  const [control] = controls
  const index = control?.lastCheck?.ledgerIndex
  if (control === undefined || status.word !== 'PROVEN') return ofItself(status.because)
  const evidence = index === null || index === undefined ? 'evidence' : `evidence ${index}`
  // The id at the start of the row leads to the proof; a second link to it in each row would cost the page two kilobytes.
  return html`by ${control.id}, ${evidence}`
}

/** The status of a clause as shape, word and time. */
export function badge({ status }: ShownClause, now: Date): Html | Promise<Html> {
  const age = statusAge(status, now)
  return html`<b class="${status.word}">${statusMark[status.word]} ${status.word}</b>${age === '' ? '' : html` <small>${age}</small>`}`
}

/** The words of a sentence, its values marked. */
export function sentence(parts: readonly Part[]): (Html | Promise<Html> | string)[] {
  return parts.map((part) => {
    if (part.kind === 'emphasis') return html`<em>${part.text}</em>`
    if (part.kind === 'code') return html`<code>${part.text}</code>`
    if (part.kind === 'link') return html`<a href="${part.url}">${part.text}</a>`
    if (part.kind === 'value') return html`<mark title="${part.parameter}">${part.text}</mark>`
    return part.text
  })
}

/** The newest version of TLS that a reader must find refused, and the oldest that must be answered. */
function tlsVersions({ clauses }: TrustReport): readonly [refused: string, answered: string] {
  const values = clauses.flatMap((clause) => clause.values)
  const minimum = values.find(({ parameter }) => parameter === 'tls.minimum')?.text
  return minimum === 'TLS 1.2' ? ['1.1', '1.2'] : ['1.2', '1.3']
}

function verification(report: TrustReport): Html | Promise<Html> {
  const [refused, answered] = tlsVersions(report)
  return html`<section aria-labelledby="verify">
    <h2 id="verify">Check it yourself</h2>
    <p>
      Every look of every check is an entry of a public log: ${report.ledger.entries} entries, the newest
      checkpoint at <a href="/ledger/checkpoint">/ledger/checkpoint</a>. Whoever keeps a checkpoint can see later
      whether anything under it was changed. Each clause’s page gives the entry and the proof. The log’s key:
    </p>
    <pre tabindex="0">${report.ledger.verifierKey}</pre>
    <p>
      TLS ${refused} must be refused, TLS ${answered} must be answered, and this page must say what the data says:
    </p>
    <pre tabindex="0">
curl --tls-max ${refused} ${report.origin}/trust
curl --tlsv${answered} -I ${report.origin}/trust
curl ${report.origin}/trust.json</pre>
  </section>`
}

/** The page of one clause: everything that is known of it, and how to verify it. */
export function clausePage(
  report: TrustReport,
  clause: ShownClause,
  proof: string | null,
  now: Date,
): Html | Promise<Html> {
  return publicPage(
    `${clause.id}: ${report.service}`,
    html`<header>
        <p class="brand"><a href="/trust#${clause.id}">${report.service}: security policy</a></p>
        <h1>Clause ${clause.id}</h1>
      </header>
      <main id="main">
        <p class="sentence">${clause.sentence}</p>
        <p>${badge(clause, now)} ${clause.status.because}</p>
        ${
          clause.values.length === 0
            ? ''
            : html`<h2>What the system obeys</h2>
                <ul>
                  ${clause.values.map((value) => html`<li><mark>${value.inForce}</mark> <code>${value.parameter}</code>: ${value.obeys}${value.from === null ? '' : ` From ${value.from.slice(0, 10)} on: ${value.text}.`}</li>`)}
                </ul>`
        }
        ${clause.controls.map((control) => controlPart(control, now))}
        ${
          proof === null
            ? ''
            : html`<h2>Proof</h2>
                <p>
                  The evidence of the newest look is entry ${clause.controls[0]?.lastCheck?.ledgerIndex ?? ''}
                  of the ledger. To check that, nothing is needed but this file (C2SP tlog-proof), the entry from
                  the log’s bundles below <code>/ledger/tile/entries/</code> and
                  <a href="/ledger/vkey">the log’s key</a>:
                </p>
                <pre tabindex="0">${proof}</pre>`
        }
      </main>`,
  )
}

function controlPart(control: ShownClause['controls'][number], now: Date): Html | Promise<Html> {
  const run = (label: string, one: typeof control.lastCheck): Html | Promise<Html> =>
    one === null
      ? html`<li>${label}: not yet.</li>`
      : html`<li>
          ${label}, ${span((now.getTime() - Date.parse(one.at)) / 1000)} ago, under version
          ${one.policyVersion}: <strong>${one.result}</strong>.
          ${one.saw}${one.ledgerIndex === null ? '' : html` (entry ${one.ledgerIndex})`}
        </li>`
  return html`<h2>Check <code>${control.id}</code></h2>
    <p>${control.looks} Every ${span(control.everySeconds)}.</p>
    <p>To show that it can fail: ${control.breaks}</p>
    <ul>
      ${run('Last look', control.lastCheck)}${run('Last planted fault, which must fail', control.lastKnownBad)}
    </ul>`
}
