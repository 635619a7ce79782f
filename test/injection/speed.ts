/** Prints what the detectors cost a value in CPU time: `node test/injection/speed.ts`; the best of many batches, so that a busy machine does not count. */
import { detectSqli, detectXss } from '../../engines/waf/detect/index.ts'

const BATCHES = 60
const ROUNDS = 400

const benign = [
  'hello world',
  "O'Brien",
  'en-US,en;q=0.9',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  '2024-01-31T12:00:00Z',
  'sample@example.org',
  'The meeting is at 5 and we are late, please bring the report',
  "I'd like to order two of them, thanks",
  '42',
  'created_at desc',
  '{"a": 1, "b": "x"}',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  '/shop/items?page=2&sort=price',
  'Bahnhofstrasse 1, 8000 Zürich',
  '14 x 18" frame',
]

/** The least CPU time of a call, in microseconds. */
function cost(call: () => void): number {
  let least = Infinity
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const before = process.cpuUsage()
    for (let round = 0; round < ROUNDS; round += 1) call()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / ROUNDS)
  }
  return least
}

const rows = benign.map((value) => ({
  value: value.slice(0, 40),
  'SQL µs': cost(() => void detectSqli(value)),
  'XSS µs': cost(() => void detectXss(value)),
}))
console.table(rows)
const sum = rows.reduce((total, row) => total + row['SQL µs'] + row['XSS µs'], 0)
console.log(`both detectors, mean: ${(sum / rows.length).toFixed(2)} µs`)
