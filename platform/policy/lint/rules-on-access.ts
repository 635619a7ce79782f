import { DAY } from '../../kernel/clock.ts'
import { ending, rule, type Rule, timeIn } from './finding.ts'

/** Rules on chapters 2 to 5: sessions, factors, protocols, vulnerabilities, and the people who watch. */
export const accessRules: readonly Rule[] = [
  // PCI DSS 8.2.8 asks for a new sign-in after 15 minutes.
  rule('L2', ({ says, written, valueText, seconds }, { cardDataOutOfReach }) => {
    const idle = seconds('session.idle')
    if (idle === undefined || idle <= 900 || cardDataOutOfReach || !/PCI DSS/.test(says('12.1-e')))
      return undefined
    return {
      severity: 'conflict',
      clauses: ['3.4-a', '12.1-e'],
      why: `PCI DSS 8.2.8 asks for 15 minutes where a session can reach card data; the text says ${valueText('session.idle')}, and it is not proven that no session can.`,
      proposed: written('3.4-a').replace(`[${valueText('session.idle')}]`, '[15 minutes]'),
    }
  }),
  rule('L5', ({ says }) => {
    if (!/\brequired\b/i.test(says('3.1-0')) || !/\benabl/i.test(says('13-b'))) return undefined
    return {
      severity: 'conflict',
      clauses: ['13-b', '3.1-0'],
      why: 'Clause 3.1-0 requires a second factor of every account, yet clause 13-b leaves it to customers to enable one.',
      proposed: 'Using their second factors, and keeping them and their recovery codes safe.',
    }
  }),
  // NIST SP 800-63B restricts codes over the telephone network; FedRAMP KSI-IAM-MFA asks for phishing-resistant factors.
  rule('L6', ({ says }) => {
    if (!/\bSMS\b/.test(says('3.1-b')) || /administrat/i.test(says('3.1-b'))) return undefined
    return {
      severity: 'note',
      clauses: ['3.1-b', '3.1-0'],
      why: 'A code sent by SMS can be phished and intercepted; the sentence offers it for administrative access as well.',
      proposed:
        'We support verification codes sent by SMS as a second factor; they do not suffice for administrative access.',
    }
  }),
  rule('L9', ({ says, written }) => {
    const started =
      /\b(?:of|after|from|since|once)\b.*(?:disclos|discover|detect|publi|report|know|learn|releas|available|confirm)/i
    const clauses = ['5.2-d', '5.2-e'].filter(
      (id) => timeIn(says(id)) !== undefined && !started.test(says(id)),
    )
    const [first] = clauses
    if (first === undefined) return undefined
    return {
      severity: 'vague',
      clauses,
      why: 'The sentence gives a time without saying when its clock starts, so nobody can tell whether it was kept.',
      proposed: ending(
        written(first),
        ' of our learning of it, counted until the corrected version runs everywhere.',
      ),
    }
  }),
  rule('L15', ({ says }) => {
    const claim = says('4.2-d')
    if (!/\b(?:24\/7|24 hours|around the clock|at all hours)\b/i.test(claim)) return undefined
    return {
      severity: 'note',
      clauses: ['4.2-d'],
      why: 'That people keep watch at all hours rests on a rota or a contract; it can be attested and drilled, never proven by a machine alone.',
      proposed:
        'A security operations centre (SOC) receives every alert; unannounced drills measure how soon it answers.',
    }
  }),
  rule('L16', ({ says, valueText }) => {
    const named = /\b(?:TLS 1\.[0-2]|SSL)\b/.exec(`${valueText('tls.minimum')} ${says('2.1-a')}`)?.[0]
    if (named === undefined) return undefined
    return {
      severity: 'conflict',
      clauses: ['2.1-a'],
      why: `The sentence admits ${named}; only TLS 1.3 has forward secrecy in every handshake, which clause 2.1-b promises.`,
      proposed: 'Connections use the Transport Layer Security protocol, [TLS 1.3](set:tls.minimum) or later.',
    }
  }),
  // FedRAMP 20x VDR-TFR-PSD samples at least every three days.
  rule('L18', ({ says }) => {
    const rhythm = timeIn(says('5.2-a'))
    if (rhythm === undefined || rhythm <= 3 * DAY) return undefined
    return {
      severity: 'note',
      clauses: ['5.2-a'],
      why: `The sentence promises a scan every ${rhythm / DAY} days; FedRAMP 20x looks every 3 days, and scans can run daily.`,
      proposed: 'Automated scans search for vulnerabilities every day.',
    }
  }),
]
